"""Episodes of FrozenLake, CliffWalking, Taxi and Blackjack, and maps, single. The texts are what 'ansi' shows."""

import random

import gymnasium as gym
import numpy as np
from gymnasium.envs.toy_text.frozen_lake import generate_random_map

from encode import b64, state_of

KWARGS = {
    "map_name": "mapName", "desc": "desc", "is_slippery": "isSlippery", "success_rate": "successRate", "reward_schedule": "rewardSchedule",
    "is_rainy": "isRainy", "rainy_probability": "rainyProbability", "fickle_passenger": "ficklePassenger", "fickle_probability": "fickleProbability",
}


def allowed(env, draw, info):
    """Taxi's mask, so that passengers are fetched and delivered."""
    mask = info.get("action_mask")
    actions = range(int(env.action_space.n)) if mask is None or draw.random() < 0.2 else np.flatnonzero(mask)
    # Deliveries are rare for who walks at random.
    return int(5 if mask is not None and mask[5] and draw.random() < 0.5 else draw.choice(list(actions)))


def episodes_case(env_id, seed, steps, **kwargs):
    env = gym.make(env_id, render_mode="ansi", **kwargs)
    draw = random.Random(seed)
    obs, info = env.reset(seed=seed)
    trace = {"obs": [obs], "prob": [info["prob"]], "mask": [], "reward": [], "terminated": [], "truncated": [], "action": []}
    texts = [env.render()]

    def see(obs, info):
        trace["obs"].append(obs)
        trace["prob"].append(info["prob"])
        trace["mask"].append(info.get("action_mask", []))

    trace["mask"].append(info.get("action_mask", []))
    for step in range(steps):
        action = allowed(env, draw, info)
        obs, reward, terminated, truncated, info = env.step(action)
        see(obs, info)
        for key, value in (("reward", reward), ("terminated", terminated), ("truncated", truncated), ("action", action)):
            trace[key].append(value)
        if step < 30:
            texts.append(env.render())
        if terminated or truncated:
            obs, info = env.reset()
            see(obs, info)
    dtypes = {"obs": "f8", "prob": "f8", "reward": "f8"}
    return {
        "id": env_id, "seed": str(seed), "kwargs": {KWARGS[k]: v for k, v in kwargs.items()},
        **{key: b64(np.array(value), dtypes.get(key, "u1")) for key, value in trace.items()},
        "texts": texts, "random": state_of(env.unwrapped.np_random),
    }


def blackjack_case(seed, steps, **kwargs):
    env = gym.make("Blackjack-v1", **kwargs)
    draw = random.Random(seed)
    obs, _ = env.reset(seed=seed)
    trace = {"obs": [obs], "reward": [], "terminated": [], "action": []}
    for _ in range(steps):
        # At random, and sometimes sticking at once: naturals are rare.
        action = int(draw.random() < (0.8 if obs[0] < 15 else 0.3))
        obs, reward, terminated, truncated, info = env.step(action)
        assert not truncated and info == {}
        for key, value in (("obs", obs), ("reward", reward), ("terminated", terminated), ("action", action)):
            trace[key].append(value)
        if terminated:
            obs, _ = env.reset()
            trace["obs"].append(obs)
    return {
        "seed": str(seed), "kwargs": kwargs, **{key: b64(np.array(value), "f8" if key == "reward" else "u1") for key, value in trace.items()},
        "random": state_of(env.unwrapped.np_random),
    }


MAPS = [["SFFS", "FHFF", "SFFG"], ["FFFSF", "HFFFG"]]


def files(seeds, live):
    seeds = seeds[:6]
    steps = 3000 if live else 300
    cases = []
    for seed in seeds:
        for env_id in ("FrozenLake-v1", "FrozenLake8x8-v1", "CliffWalking-v1", "CliffWalkingSlippery-v1", "Taxi-v4"):
            cases.append(episodes_case(env_id, seed, steps))
        cases.append(episodes_case("Taxi-v4", seed, steps, is_rainy=True, fickle_passenger=True))
    for seed in seeds[:2]:
        cases.append(episodes_case("FrozenLake-v1", seed, steps, is_slippery=False))
        cases.append(episodes_case("FrozenLake-v1", seed, steps, success_rate=0.7, reward_schedule=[10, -5, -0.25]))
        cases += [episodes_case("FrozenLake-v1", seed, steps, desc=desc) for desc in MAPS]
        cases.append(episodes_case("Taxi-v4", seed, steps, is_rainy=True, rainy_probability=0.45))
        cases.append(episodes_case("Taxi-v4", seed, steps, fickle_passenger=True, fickle_probability=0.9))
    maps = [
        {"size": size, "p": p, "seed": str(seed), "map": generate_random_map(size, p, seed)} for seed in seeds for size, p in ((8, 0.8), (4, 0.5), (13, 0.65), (5, 1.5))
    ]
    blackjack = [blackjack_case(seed, 3 * steps, **kwargs) for seed in seeds for kwargs in ({}, {"sab": False, "natural": True}, {"sab": False})]
    return {"toy-text": {"episodes": cases, "maps": maps, "blackjack": blackjack}}
