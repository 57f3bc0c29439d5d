"""The pure browser modules, by Node's own test runner. Nothing is installed for it."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NODE = shutil.which("node")


@pytest.mark.parametrize("file", sorted(path.name for path in HERE.glob("*.test.mjs")))
@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_browser_module(file):
    done = subprocess.run([NODE, "--test", file], cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
