"""The sign-in that `make demo` prints. Exists only in demo mode, on loopback, over generated data."""

DEMO_USER = "demo"
DEMO_PASSWORD = "demo-board-2026"  # noqa: S105 - printed on purpose
DEMO_TEAM = "Demo board"
