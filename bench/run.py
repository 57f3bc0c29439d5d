"""Run the benchmarks: ``python -m bench.run`` for all of them, ``python -m bench.run measure load`` for some.

Prints one line per goal. Ends with status 1 if a goal is missed; a goal whose peer is not installed is skipped.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import bench
from bench.harness import Result


def main(wanted: list[str]) -> int:
    results: list[Result] = []
    for name in modules(wanted):
        print(f"# {name.removeprefix('bench.')}", flush=True)
        module = importlib.import_module(name)
        for result in module.run():
            results.append(result)
            print(result, flush=True)
    counts = {status: sum(r.status == status for r in results) for status in ("PASS", "FAIL", "SKIP")}
    print(", ".join(f"{status} {count}" for status, count in counts.items()))
    return 1 if counts["FAIL"] else 0


def modules(wanted: list[str]) -> list[str]:
    """The modules of this package that have a function ``run``; the others are what they share."""
    sources = {
        m.name: Path(bench.__path__[0], f"{m.name}.py") for m in pkgutil.iter_modules(bench.__path__) if not m.ispkg
    }
    known = sorted(name for name, source in sources.items() if "\ndef run(" in source.read_text())
    unknown = set(wanted) - set(known)
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}")
    return [f"bench.{name}" for name in known if not wanted or name in wanted]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
