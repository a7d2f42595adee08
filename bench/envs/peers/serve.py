"""What all peers here do: read a line of JSON {way, id, numEnvs, threads, steps, seconds}, step, write {rate} or {error}."""

import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
CORES = sorted(os.sched_getaffinity(0), reverse=True)
OWN_CORE = CORES[int(os.environ.get("GYMNURA_PEER_CORE", "0")) % len(CORES)]


def bind_to_cores(threads):
    """Two cores would be two shares of one machine; a peer on one thread gets one, as ours does."""
    os.sched_setaffinity(0, {OWN_CORE} if threads == 1 else CORES)


def serve(make):
    """`make(way, id, num_envs, threads, steps)` gives a function that steps for a while and returns how many steps that was."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What packages print must not get between the lines.
    works = {}
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        key = (asked["way"], asked["id"], asked["numEnvs"], asked["threads"], asked["steps"])
        try:
            bind_to_cores(asked["threads"])
            if key not in works:
                works[key] = make(*key)
                works[key]()
            steps, start = 0, time.perf_counter()
            while time.perf_counter() - start < asked["seconds"]:
                steps += works[key]()
            answer = {"rate": steps / (time.perf_counter() - start)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=out, flush=True)


def stepping(env, count):
    """A Gymnasium environment under `count` random actions, drawn beforehand; resets included."""
    env.action_space.seed(1)
    env.reset(seed=1)
    actions = [env.action_space.sample() for _ in range(count)]

    def run():
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return count

    return run
