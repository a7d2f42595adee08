"""Gymnasium: one environment, its vector environments, and the native MuJoCo without an environment around it."""

import pathlib
import sys

sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
import gymnasium as gym

sys.path.append(str(pathlib.Path(__file__).resolve().parent))
from serve import bind_to_cores, serve, stepping

gym.logger.min_level = 50


def episodes(env_id, steps):
    """From the same state, the end of an episode or not, so that all do the same."""
    env = gym.make(env_id, max_episode_steps=-1)
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(steps)]

    def run():
        env.reset(seed=1)
        for action in actions:
            env.step(action)
        return steps

    return run


def bare(env_id, steps):
    import mujoco

    env = gym.make(env_id)
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(steps)]
    env.reset(seed=1)
    model, data, frames = env.unwrapped.model, env.unwrapped.data, env.unwrapped.frame_skip
    start_qpos, start_qvel = data.qpos.copy(), data.qvel.copy()

    def run():
        mujoco.mj_resetData(model, data)
        data.qpos[:] = start_qpos
        data.qvel[:] = start_qvel
        mujoco.mj_forward(model, data)
        for action in actions:
            data.ctrl[:] = action
            mujoco.mj_step(model, data, nstep=frames)
            mujoco.mj_rnePostConstraint(model, data)
        return steps

    return run


def make(way, env_id, num_envs, threads, steps):
    if way == "single":
        return stepping(gym.make(env_id), steps or 200)
    if way == "episodes":
        return episodes(env_id, steps)
    if way == "bare":
        return bare(env_id, steps)
    envs = gym.make_vec(env_id, num_envs=num_envs, vectorization_mode=way)
    envs.reset(seed=1)
    envs.action_space.seed(1)
    batches = [envs.action_space.sample() for _ in range(16)]

    def run_all():
        for actions in batches:
            envs.step(actions)
        return num_envs * len(batches)

    return run_all


bind_to_cores(1)
serve(make)
