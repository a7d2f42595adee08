"""EnvPool on so many threads: all environments a step ('sync'), or those that are ready ('async', half of them a batch)."""

import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
import envpool
import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
from serve import bind_to_cores, serve


def make(way, env_id, num_envs, threads, steps):
    batch = num_envs if way == "sync" else num_envs // 2
    envs = envpool.make(env_id, env_type="gymnasium", num_envs=num_envs, batch_size=batch, num_threads=threads, seed=1)
    space = envs.action_space
    space.seed(1)
    batches = [np.array([space.sample() for _ in range(batch)]) for _ in range(16)]
    if way == "sync":
        envs.reset()

        def run():
            for actions in batches:
                envs.step(actions)
            return batch * len(batches)

        return run
    envs.async_reset()

    def run_ready():
        for actions in batches:
            _, _, _, _, info = envs.recv()
            envs.send(actions, info["env_id"])
        return batch * len(batches)

    return run_ready


bind_to_cores(1)
serve(make)
