"""`make fuzz`: FUZZ files (100,000) with SEED (today's number), from file number FROM on; stops at the first that breaks.

Every series has a seed of its own made of SEED and its number, so that a run can go on where another ended, and one
series can be made again alone: `make fuzz SEED=7 FROM=41300 FUZZ=3`.
"""

import logging
import os
import random
import sys
import time
import warnings

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    warnings.simplefilter("ignore")  # as in the reader's own process
    logging.disable(logging.CRITICAL)
    from tests.fuzz import frames
    from tests.fuzz.importer import SAMPLED, Broken, Tally, run, through_the_sandbox
    from tests.fuzz.mutations import SLICES, mutated

    count, seed, start = (int(os.environ.get(name) or usual) for name, usual in USUAL)
    print(f"{count} files from number {start} on, SEED={seed}", flush=True)
    tally, began = Tally(), time.monotonic()
    for number in range(start // SLICES, (start + count) // SLICES):
        files = mutated(random.Random(f"{seed}/{number}"))
        try:
            run(files, tally)
            if number % SAMPLED == 0:
                through_the_sandbox(files)
                tally.outcomes[f"frame: {frames.unpack(frames.changed(random.Random(f'{seed}/{number}')))}"] += 1
        except Exception as error:
            print(f"BROKEN at file {number * SLICES}: {type(error).__name__}: {error}")
            print(f"again: make fuzz SEED={seed} FROM={number * SLICES} FUZZ={SLICES}")
            if not isinstance(error, Broken):
                raise
            return 1
        if number % 2000 == 1999:
            print(f"  {tally.files} files, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{tally.files} files in {time.monotonic() - began:.0f} s, none broke; slowest {tally.slowest:.2f} s")
    for outcome, times in tally.outcomes.most_common():
        print(f"  {times:8} {outcome}")
    return 0


USUAL = (("FUZZ", "100000"), ("SEED", "20261126"), ("FROM", "0"))

if __name__ == "__main__":
    sys.exit(main())
