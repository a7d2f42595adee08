"""Asks the real Ray how it behaves and writes the answers.

    python make.py                    writes ray.json beside this file
    python make.py --out FILE [WORD]  elsewhere; only behaviours whose title contains one of the words

Needs ray[default]==2.60.0 and numpy. Each behaviour answers in JSON, in words that its twin in test/core/twins answers too.
"""
import argparse
import json
import logging
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

os.environ.update(
    BEHAVIOURS_SCRATCH=tempfile.mkdtemp(prefix="behaviours-"),
    RAY_USAGE_STATS_ENABLED="0",
    RAY_AUTH_MODE="disabled",
    # What else the machine's memory is used for is not Ray's concern here.
    RAY_memory_monitor_refresh_ms="0",
    RAY_DEDUP_LOGS="0",
    RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0",
    PYTHONWARNINGS="ignore",
    # Workers unpickle what is defined in these files.
    PYTHONPATH=os.pathsep.join([str(pathlib.Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
)

import ray

import actors  # noqa: F401
import helpers  # noqa: F401
import objects  # noqa: F401
import tasks  # noqa: F401
from behaviour import BEHAVIOURS, SCRATCH, kind_of

NAMESPACE = "home"
LIMIT_S = 60


def too_long(*_):
    raise TimeoutError(f"not over after {LIMIT_S} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=str(pathlib.Path(__file__).with_name("ray.json")))
    parser.add_argument("word", nargs="*")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    ray.init(
        num_cpus=2,
        num_gpus=2,
        resources={"camera": 1},
        namespace=NAMESPACE,
        include_dashboard=True,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=200_000_000,
    )
    signal.signal(signal.SIGALRM, too_long)
    answers = {}
    for title, show in BEHAVIOURS.items():
        if options.word and not any(word in title for word in options.word):
            continue
        began = time.monotonic()
        signal.alarm(LIMIT_S)
        try:
            answers[title] = show()
        except Exception as error:
            answers[title] = {"broken": str(kind_of(error)), "text": str(error)[:2000]}
        if options.verbose:
            print(f"{time.monotonic() - began:5.1f} s  {title}: {json.dumps(answers[title])}", flush=True)
    signal.alarm(0)
    ray.shutdown()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    with open(options.out, "w") as file:
        json.dump({"ray": ray.__version__, "answers": answers}, file, indent=1)
        file.write("\n")
    print(f"{len(answers)} behaviours of Ray {ray.__version__} in {time.monotonic() - started:.0f} s", file=sys.stderr)


main()
