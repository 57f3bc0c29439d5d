"""What a worker does, wrapped: it fails, hangs, or takes its process with it, if a file asks for that."""

import os
import signal
import time
from pathlib import Path

from .apps import SAID, is_asked_for


def wrap(module, name: str, what: str) -> None:
    real = getattr(module, name)

    def wrapped(*args, **kwargs):
        quoted = f"{args} {kwargs} {SAID}"
        if is_asked_for(f"{what}-dies"):
            os.kill(os.getpid(), signal.SIGKILL)
        if is_asked_for(what):
            try:
                raise KeyError(quoted)
            except KeyError as first:
                raise RuntimeError(quoted) from first
        found = real(*args, **kwargs)
        while is_asked_for(f"{what}-hangs"):
            (Path(os.environ["PRRT_DATA_DIR"]) / f"hangs-{what}").write_text(str(os.getpid()))
            time.sleep(0.05)
        return found

    setattr(module, name, wrapped)
