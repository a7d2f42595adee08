"""Games of MinAtar, alone and in vector environments, with the draws of the legacy generator behind them."""

import copy
import random

import gymnasium as gym
import minatar.gym
import numpy as np

from encode import b64

if "MinAtar/Breakout-v1" not in gym.registry:
    minatar.gym.register_envs()

GAMES = ["Breakout", "Asterix", "Freeway", "Seaquest", "SpaceInvaders"]
RANGES = [(0, 2), (1, 6), (1, 9), (0, 1), (0, 7), (-5, 300), (0, 2**31), (0, 2**32 - 1), (0, 2**32)]


def legacy_case(seed):
    draws = np.random.RandomState(seed)
    values = [draws.rand() for _ in range(700)]
    for low, high in RANGES:
        values += [draws.randint(low, high) for _ in range(20)]
    values += [draws.rand() for _ in range(5)]
    return {"seed": seed, "ranges": RANGES, "values": b64(values, "f8")}


def survives(game, action, depth):
    """Whether the game goes on for some steps after the action, on a copy; so that episodes get long, fast and full."""
    trial = copy.deepcopy(game)
    for step in range(depth):
        _, over = trial.act(action if step == 0 else 0)
        if over:
            return False
    return True


def choose(env, policy, draw):
    game, action_set = env.unwrapped.game, env.unwrapped.action_set
    action = draw.randrange(len(action_set))
    if policy == "random":
        return action
    if game.env_name == "freeway":
        return action_set.index(2) if draw.random() < 0.9 else action
    for _ in range(12):
        if survives(game, action_set[action], 2):
            return action
        action = draw.randrange(len(action_set))
    return action


def bits(boards):
    return b64(np.packbits(np.array(boards, dtype=bool).ravel()), "u1")


def episode_case(env_id, seed, policy, steps, **kwargs):
    env = gym.make(env_id, **kwargs)
    draw = random.Random(seed)
    obs, _ = env.reset(seed=seed)
    trace = {"obs": [obs], "reward": [], "terminated": [], "action": []}
    for _ in range(steps):
        action = choose(env, policy, draw)
        obs, reward, terminated, truncated, _ = env.step(action)
        assert not truncated
        for key, value in (("obs", obs), ("reward", reward), ("terminated", terminated), ("action", action)):
            trace[key].append(value)
        if terminated:
            trace["obs"].append(env.reset()[0])
    return {
        "id": env_id, "seed": seed, "policy": policy,
        "kwargs": {"stickyActionProb": kwargs.get("sticky_action_prob", 0.1), "difficultyRamping": kwargs.get("difficulty_ramping", True)},
        "obs": bits(trace.pop("obs")), **{key: b64(np.array(value), "u1") for key, value in trace.items()},
    }


def vector_case(env_id, autoreset, seed, num_envs, steps, **kwargs):
    mode = {"next-step": "NextStep", "same-step": "SameStep", "disabled": "Disabled"}[autoreset]
    envs = gym.make_vec(env_id, num_envs=num_envs, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode}, **kwargs)
    envs.action_space.seed(seed)
    trace = {"obs": [envs.reset(seed=seed)[0].copy()], "reward": [], "terminated": [], "truncated": [], "action": [], "final": []}
    for _ in range(steps):
        action = envs.action_space.sample()
        obs, reward, terminated, truncated, infos = envs.step(action)
        for key, value in (("obs", obs), ("reward", reward), ("terminated", terminated), ("truncated", truncated), ("action", action)):
            trace[key].append(np.copy(value))
        done = np.logical_or(terminated, truncated)
        if autoreset == "same-step":
            trace["final"] += [infos["final_obs"][i] for i in np.flatnonzero(done)]
        if autoreset == "disabled" and done.any():
            trace["obs"].append(envs.reset(options={"reset_mask": done})[0].copy())
    return {
        "id": env_id, "autoreset": autoreset, "seed": seed, "numEnvs": num_envs, "maxEpisodeSteps": kwargs.get("max_episode_steps"),
        "obs": bits(trace["obs"]), "finals": len(trace["final"]), "final": bits(trace["final"]),
        **{key: b64(np.array(trace[key]), "u1") for key in ("reward", "terminated", "truncated", "action")},
    }


def picture_case(env_id, seed):
    """A colour a cell, as the package paints them."""
    env = gym.make(env_id, render_mode="rgb_array")
    env.reset(seed=seed)
    for _ in range(25):
        env.step(0)
    return {"id": env_id, "seed": seed, "pixels": b64(np.round(255 * env.unwrapped.render()).astype(int), "u1")}


def files(seeds, live):
    seeds = [seed % 2**32 for seed in seeds]
    steps = 3000 if live else 400
    ids = [f"MinAtar/{game}-v{version}" for game in GAMES for version in (0, 1)]
    episodes, vectors = [], []
    for env_id in ids:
        first = env_id.endswith("v1")
        episodes += [episode_case(env_id, seed, "random", steps) for seed in seeds[1:3]]
        episodes += [episode_case(env_id, seed, "careful", steps * (2 if first else 1)) for seed in seeds[2:4 if first else 3]]
        if first:
            episodes.append(episode_case(env_id, seeds[0], "careful", steps, sticky_action_prob=0.0, difficulty_ramping=False))
            for autoreset in ("next-step", "same-step", "disabled"):
                vectors.append(vector_case(env_id, autoreset, seeds[1], 3, steps))
                vectors.append(vector_case(env_id, autoreset, seeds[3], 4, steps // 4, max_episode_steps=17))
    return {
        "minatar": {
            "legacy": [legacy_case(seed) for seed in seeds[:6]], "episodes": episodes, "vectors": vectors,
            "pictures": [picture_case(env_id, seeds[1]) for env_id in ids],
        }
    }
