"""Gymnasium: one environment, and its vector environments."""

import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
import gymnasium as gym

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
from serve import bind_to_one_core, serve

gym.logger.min_level = 50


def make(way, env_id, num_envs):
    if way == "single":
        env = gym.make(env_id)
        env.action_space.seed(1)
        env.reset(seed=1)
        actions = [env.action_space.sample() for _ in range(200)]

        def run():
            for action in actions:
                _, _, terminated, truncated, _ = env.step(action)
                if terminated or truncated:
                    env.reset()
            return len(actions)

        return run
    envs = gym.make_vec(env_id, num_envs=num_envs, vectorization_mode=way)
    envs.reset(seed=1)
    envs.action_space.seed(1)
    batches = [envs.action_space.sample() for _ in range(16)]

    def run_all():
        for actions in batches:
            envs.step(actions)
        return num_envs * len(batches)

    return run_all


bind_to_one_core()
serve(make)
