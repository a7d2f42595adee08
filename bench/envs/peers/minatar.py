"""MinAtar's own environments, one at a time, with the observation that they give."""

import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
import random

from minatar import Environment

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
from serve import bind_to_one_core, serve


def make(way, env_id, num_envs):
    env = Environment(env_id)
    env.seed(1)
    env.reset()
    draw = random.Random(1)
    actions = [draw.choice(env.minimal_action_set()) for _ in range(200)]

    def run():
        for action in actions:
            _, terminated = env.act(action)
            env.state()
            if terminated:
                env.reset()
        return len(actions)

    return run


bind_to_one_core()
serve(make)
