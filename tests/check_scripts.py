"""Type-check the browser modules with TypeScript, as `make check` does. Where Node is absent it says so and passes.

Nothing of it is shipped: one development package at one version, by `npm ci` from the lock file.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = ROOT / "node_modules" / "typescript" / "package.json"


def main() -> int:
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        print(f"NOT RUN: the scripts were not type-checked, because {' and '.join(missing)} cannot be found.")
        return 0
    if not is_installed() and (failed := subprocess.run(["npm", "ci", "--silent"], cwd=ROOT, check=False).returncode):
        return failed
    return subprocess.run(["npm", "run", "--silent", "check"], cwd=ROOT, check=False).returncode


def is_installed() -> bool:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]["typescript"]
    return INSTALLED.is_file() and json.loads(INSTALLED.read_text())["version"] == wanted


if __name__ == "__main__":
    sys.exit(main())
