"""guard.py FD COMMAND...: run COMMAND and end it when the launcher is gone. Standard library only.

The launcher holds the other end of the pipe FD. When it dies, however it dies, the pipe reads end-of-file
and the command is ended, so nothing is left behind even after SIGKILL of the launcher.
"""

import os
import select
import signal
import subprocess
import sys

GRACE_SECONDS = 10


def main() -> int:
    lifeline, command = int(sys.argv[1]), sys.argv[2:]
    child = subprocess.Popen(command, start_new_session=True)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    while child.poll() is None:
        ready, _, _ = select.select([lifeline, wake_read], [], [], 5)
        asked_to_stop = wake_read in ready and set(os.read(wake_read, 64)) - {signal.SIGCHLD}
        if lifeline in ready or asked_to_stop:
            break
    return _end(child)


def _end(child: subprocess.Popen) -> int:
    if child.poll() is None:
        child.terminate()
    try:
        code = child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        code = None
    # The whole session of the command: a pool child must not outlive its parent.
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return child.wait() if code is None else code


if __name__ == "__main__":
    sys.exit(main())
