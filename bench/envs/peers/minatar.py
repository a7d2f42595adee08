"""MinAtar's own environments, one at a time, with the observation that they give; and as Gymnasium makes them."""

import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
import random

import gymnasium as gym
import minatar.gym
from minatar import Environment

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
from serve import bind_to_cores, serve, stepping

if "MinAtar/Breakout-v1" not in gym.registry:
    minatar.gym.register_envs()
ACTIONS = 200


def make(way, env_id, num_envs, threads, steps):
    if way == "gymnasium":
        return stepping(gym.make(env_id), ACTIONS)
    env = Environment(env_id)
    env.seed(1)
    env.reset()
    draw = random.Random(1)
    actions = [draw.choice(env.minimal_action_set()) for _ in range(ACTIONS)]

    def run():
        for action in actions:
            _, terminated = env.act(action)
            env.state()
            if terminated:
                env.reset()
        return ACTIONS

    return run


bind_to_cores(1)
serve(make)
