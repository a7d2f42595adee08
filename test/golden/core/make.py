"""Asks the real Ray how it behaves and writes the answers.

    python make.py                    writes ray.json beside this file
    python make.py --out FILE [WORD]  elsewhere; only behaviours whose title contains one of the words

Needs ray[default]==2.60.0 and numpy. Each behaviour answers in JSON, in words that its twin in test/core/twins answers too. Ray runs in a
process of its own: where it aborts (a check of its task manager, now and then, behind a cancel), another asks for the rest.
"""
import argparse
import json
import logging
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

os.environ.update(
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

LIMIT_S = 60
TRIES = 2


def too_long(*_):
    raise TimeoutError(f"not over after {LIMIT_S} s")


def answer_of(show, verbose):
    signal.alarm(LIMIT_S)
    try:
        return show()
    except Exception as error:
        if verbose:
            traceback.print_exc()
        return {"broken": type(error).__name__, "text": str(error)[:500]}
    finally:
        signal.alarm(0)


def ask(path, words, verbose):
    """Asks for what is not in the file at `path` yet, and writes each answer there."""
    import ray

    import actors  # noqa: F401
    import helpers  # noqa: F401
    import objects  # noqa: F401
    import tasks  # noqa: F401
    from behaviour import BEHAVIOURS

    # Ray cancels by it, and a shell's background jobs ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, too_long)
    ray.init(
        num_cpus=2,
        num_gpus=2,
        resources={"camera": 1},
        namespace="home",
        include_dashboard=True,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=200_000_000,
    )
    content = read(path)
    content["ray"] = ray.__version__
    for title, show in BEHAVIOURS.items():
        if title in content["answers"] or (words and not any(word in title for word in words)):
            continue
        began = time.monotonic()
        tries = content["tries"].get(title, 0)
        content["tries"][title] = tries + 1
        if tries < TRIES:
            write(path, content)
            answer = answer_of(show, verbose)
            if "broken" in (answer if isinstance(answer, dict) else {}):
                answer = answer_of(show, verbose)
        else:
            answer = {"broken": "Ray aborted"}
        content["answers"][title] = answer
        write(path, content)
        if verbose:
            print(f"{time.monotonic() - began:5.1f} s  {title}: {json.dumps(answer)}", file=sys.stderr, flush=True)
    content["done"] = True
    write(path, content)
    ray.shutdown()


def read(path):
    if not os.path.exists(path):
        return {"answers": {}, "tries": {}}
    with open(path) as file:
        return json.load(file)


def write(path, content):
    with open(path + ".new", "w") as file:
        json.dump(content, file)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=str(pathlib.Path(__file__).with_name("ray.json")))
    parser.add_argument("words", nargs="*")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        ask(options.ask, options.words, options.verbose)
        return
    started = time.monotonic()
    scratch = tempfile.mkdtemp(prefix="behaviours-")
    path = os.path.join(scratch, "answers.json")
    more = ["--verbose"] if options.verbose else []
    log = os.path.join(scratch, "log")
    for attempt in range(6):
        with open(log, "w") as file:
            arguments = [sys.executable, "-B", __file__, "--ask", path, *more, *options.words]
            # Ray writes its workers' failures, which are meant to be, to the terminal.
            code = subprocess.run(arguments, env={**os.environ, "BEHAVIOURS_SCRATCH": scratch}, stdout=file, stderr=None if options.verbose else file).returncode
        content = read(path)
        if content.get("done"):
            break
        print(f"Ray ended with {code} after {len(content['answers'])} behaviours; asking another for the rest", file=sys.stderr)
        with open(log) as file:
            print("".join(file.readlines()[-15:]) if not content["answers"] else "", end="", file=sys.stderr)
    else:
        sys.exit("Ray did not answer")
    shutil.rmtree(scratch, ignore_errors=True)
    with open(options.out, "w") as file:
        json.dump({"ray": content["ray"], "answers": content["answers"]}, file, indent=1, ensure_ascii=False)
        file.write("\n")
    print(f"{len(content['answers'])} behaviours of Ray {content['ray']} in {time.monotonic() - started:.0f} s", file=sys.stderr)


main()
