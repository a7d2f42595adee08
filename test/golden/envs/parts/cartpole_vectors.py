"""CartPole in vector environments, in each mode and autoreset mode."""

import gymnasium as gym
import numpy as np

from encode import b64


def vector_case(mode, autoreset, seed, num_envs, steps, options=None, **kwargs):
    vector_kwargs = None if mode == "vector_entry_point" else {"autoreset_mode": {"next-step": "NextStep", "same-step": "SameStep", "disabled": "Disabled"}[autoreset]}
    envs = gym.make_vec("CartPole-v1", num_envs=num_envs, vectorization_mode=mode, vector_kwargs=vector_kwargs, **kwargs)
    action_seed = seed if isinstance(seed, int) else seed[0]
    envs.action_space.seed(action_seed)
    obs, _ = envs.reset(seed=seed, options=dict(options) if options else None)
    trace = {"obs": [obs], "reward": [], "terminated": [], "truncated": [], "action": [], "final": [], "resetObs": []}
    for _ in range(steps):
        action = envs.action_space.sample()
        obs, reward, terminated, truncated, infos = envs.step(action)
        for key, value in (("obs", obs), ("reward", reward), ("terminated", terminated), ("truncated", truncated), ("action", action)):
            trace[key].append(value)
        done = np.logical_or(terminated, truncated)
        if autoreset == "same-step" and done.any():
            assert (infos["_final_obs"] == done).all()
            trace["final"].append(np.stack([infos["final_obs"][i] for i in np.flatnonzero(done)]))
        if autoreset == "disabled" and done.any():
            obs, _ = envs.reset(options={"reset_mask": done})
            trace["resetObs"].append(obs)
    dtypes = {"obs": "f4", "final": "f4", "resetObs": "f4", "reward": "f8"}
    flat = {key: np.concatenate([np.ravel(v) for v in value]) if value else np.array([]) for key, value in trace.items()}
    return {
        "mode": mode, "autoreset": autoreset, "seed": str(seed) if isinstance(seed, int) else [str(s) for s in seed], "actionSeed": str(action_seed),
        "numEnvs": num_envs, "options": options, "maxEpisodeSteps": kwargs.get("max_episode_steps"), "rewardDtype": str(reward.dtype),
        "suttonBartoReward": kwargs.get("sutton_barto_reward", False),
        **{key: b64(value, dtypes.get(key, "u1")) for key, value in flat.items()},
    }


def files(seeds, live):
    steps = 1000 if live else 70
    cases = []
    for seed in seeds[1:3]:
        for mode, autoreset in (("vector_entry_point", "next-step"), ("sync", "next-step"), ("sync", "same-step"), ("sync", "disabled")):
            cases.append(vector_case(mode, autoreset, seed, 3, steps))
            cases.append(vector_case(mode, autoreset, seed, 4, steps, max_episode_steps=11))
            cases.append(vector_case(mode, autoreset, seed, 2, steps // 2, options={"low": -0.15, "high": 0.15}, sutton_barto_reward=True))
    cases += [vector_case("sync", autoreset, [5, 1, 9], 3, steps) for autoreset in ("next-step", "same-step", "disabled")]
    return {"vectors": {"vectors": cases}}
