"""The small tasks besides CartPole in vector environments, in each autoreset mode of 'sync'."""

import gymnasium as gym
import numpy as np

from encode import b64

MODES = {"next-step": "NextStep", "same-step": "SameStep", "disabled": "Disabled"}
# Short limits, so that both kinds of ends are met.
TASKS = {
    "MountainCar-v0": 23, "MountainCarContinuous-v0": 23, "Pendulum-v1": 23, "Acrobot-v1": 23,
    "FrozenLake-v1": 9, "FrozenLake8x8-v1": 23, "CliffWalkingSlippery-v1": 23, "Taxi-v4": 23, "Blackjack-v1": None,
}


def rows(observations):
    """[N, numbers]; Blackjack's are a tuple of columns."""
    columns = observations if isinstance(observations, tuple) else (observations,)
    return np.concatenate([np.asarray(column, "f8").reshape(len(column), -1) for column in columns], axis=1)


def vector_case(env_id, autoreset, seed, num_envs, steps):
    limit = {} if TASKS[env_id] is None else {"max_episode_steps": TASKS[env_id]}
    envs = gym.make_vec(env_id, num_envs=num_envs, vectorization_mode="sync", vector_kwargs={"autoreset_mode": MODES[autoreset]}, **limit)
    envs.action_space.seed(seed)
    obs, _ = envs.reset(seed=seed)
    trace = {"obs": [rows(obs)], "reward": [], "terminated": [], "truncated": [], "final": [], "resetObs": []}
    for _ in range(steps):
        obs, reward, terminated, truncated, infos = envs.step(envs.action_space.sample())
        for key, value in (("obs", rows(obs)), ("reward", reward), ("terminated", terminated), ("truncated", truncated)):
            trace[key].append(value)
        done = np.logical_or(terminated, truncated)
        if autoreset == "same-step" and done.any():
            assert (infos["_final_obs"] == done).all()
            trace["final"].append(np.stack([np.ravel(infos["final_obs"][i]) for i in np.flatnonzero(done)]))
        if autoreset == "disabled" and done.any():
            obs, _ = envs.reset(options={"reset_mask": done})
            trace["resetObs"].append(rows(obs))
    dtypes = {"obs": "f4", "final": "f4", "resetObs": "f4", "reward": "f8"}
    flat = {key: np.concatenate([np.ravel(v) for v in value]) if value else np.array([]) for key, value in trace.items()}
    return {
        "id": env_id, "autoreset": autoreset, "seed": str(seed), "numEnvs": num_envs, "maxEpisodeSteps": TASKS[env_id],
        **{key: b64(value, dtypes.get(key, "u1")) for key, value in flat.items()},
    }


def files(seeds, live):
    steps = 500 if live else 60
    return {"task-vectors": {"vectors": [vector_case(env_id, mode, seed, 3, steps) for env_id in TASKS for mode in MODES for seed in seeds[:5]]}}
