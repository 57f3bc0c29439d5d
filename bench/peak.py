"""The peak of memory of this process and of what it started."""

import os
from pathlib import Path


def peak_gib() -> float:
    """GiB, from the high-water marks of the kernel. ``ru_maxrss`` would not do: a process begins with its parent's."""
    return sum(map(_high_water_kib, [os.getpid(), *_children(os.getpid())])) / 1024**2


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_children(child)]
    return found


def _high_water_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
