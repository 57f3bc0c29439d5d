"""Loaded before Django's settings: every test run has its own data directory, gone when it ends."""

import atexit
import gc
import os
import shutil
import tempfile

if "PRRT_TEST_DATA_DIR" not in os.environ:
    _directory = tempfile.mkdtemp(prefix="prrt-test-")
    os.environ["PRRT_TEST_DATA_DIR"] = _directory
    atexit.register(shutil.rmtree, _directory, ignore_errors=True)
# A run makes millions of short-lived objects and few cycles: looking for those less often saves an eighth of its time.
gc.set_threshold(200_000, 50, 100)
os.environ["PRRT_DATA_DIR"] = os.environ["PRRT_TEST_DATA_DIR"]
os.environ["PRRT_MODE"] = "demo"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser driver runs an event loop beside the ORM
