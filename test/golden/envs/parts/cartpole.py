"""Episodes of CartPole."""

import random

import gymnasium as gym
import numpy as np

from encode import b64, state_of


def balance(state):
    """Keeps the pole up for as long as asked, so that an episode ends by the time limit."""
    x, x_dot, theta, theta_dot = state
    return int(0.05 * x + 0.1 * x_dot + theta + 0.4 * theta_dot > 0)


def episode_case(env_id, seed, policy, steps, options=None, **kwargs):
    env = gym.make(env_id, **kwargs)
    actions_rng = random.Random(seed)
    obs, _ = env.reset(seed=seed, options=options)
    trace = {"obs": [obs], "state": [env.unwrapped.state], "reward": [], "terminated": [], "truncated": [], "action": []}
    for _ in range(steps):
        action = balance(env.unwrapped.state) if policy == "balance" else actions_rng.randrange(2)
        obs, reward, terminated, truncated, _ = env.step(action)
        for key, value in (("obs", obs), ("state", env.unwrapped.state), ("reward", reward), ("terminated", terminated), ("truncated", truncated), ("action", action)):
            trace[key].append(value)
        if (terminated or truncated) and policy != "beyond":
            obs, _ = env.reset()
            trace["obs"].append(obs)
            trace["state"].append(env.unwrapped.state)
    dtypes = {"obs": "f4", "state": "f8", "reward": "f8"}
    return {
        "id": env_id, "seed": str(seed), "beyond": policy == "beyond", "options": options, "kwargs": {"suttonBartoReward": kwargs.get("sutton_barto_reward", False)},
        **{key: b64(np.array(value), dtypes.get(key, "u1")) for key, value in trace.items()},
        "random": state_of(env.unwrapped.np_random),
    }


def files(seeds, live):
    seeds = seeds[:6]
    cases = [episode_case("CartPole-v1", seed, "random", 120) for seed in seeds]
    cases += [episode_case("CartPole-v1", seed, "balance", 510) for seed in seeds[:3]]
    cases += [episode_case("CartPole-v0", seed, "balance", 205) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v0", seed, "random", 60) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v1", seed, "random", 60, sutton_barto_reward=True) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v1", seed, "random", 60, options={"low": -0.2, "high": 0.1}) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v1", seed, "beyond", 90, sutton_barto_reward=sutton) for seed in seeds[:1] for sutton in (False, True)]
    if live:
        cases += [episode_case("CartPole-v1", seed, policy, 3000) for seed in seeds for policy in ("random", "balance")]
    return {"cartpole": {"episodes": cases}}
