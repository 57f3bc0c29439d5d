"""Run the benchmarks: ``python -m bench.run`` for all of them, ``python -m bench.run measure load`` for some.

Prints one line per goal. Ends with status 1 if a goal is missed; a goal whose peer is not installed is skipped.
"""

import importlib
import pkgutil
import sys

import bench
from bench.harness import Result


def main(wanted: list[str]) -> int:
    results: list[Result] = []
    for name in modules(wanted):
        print(f"# {name.removeprefix('bench.bench_')}", flush=True)
        module = importlib.import_module(name)
        if not hasattr(module, "run"):
            print("nothing to run: this module is started by hand")
            continue
        for result in module.run():
            results.append(result)
            print(result, flush=True)
    counts = {status: sum(r.status == status for r in results) for status in ("PASS", "FAIL", "SKIP")}
    print(", ".join(f"{status} {count}" for status, count in counts.items()))
    return 1 if counts["FAIL"] else 0


def modules(wanted: list[str]) -> list[str]:
    known = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name.startswith("bench_"))
    unknown = set(wanted) - {name.removeprefix("bench_") for name in known}
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}")
    return [f"bench.{name}" for name in known if not wanted or name.removeprefix("bench_") in wanted]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
