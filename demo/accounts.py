"""The sign-ins that `make demo` prints. They exist only in demo mode, on loopback, over generated data."""

DEMO_USER = "demo"
DEMO_COORDINATOR, DEMO_CHAIR = "demo-coordinator", "demo-chair"
DEMO_PASSWORD = "demo-board-2026"  # noqa: S105 - printed on purpose
DEMO_TEAM = "Demo board"
