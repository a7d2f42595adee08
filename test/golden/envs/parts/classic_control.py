"""Episodes of MountainCar, MountainCarContinuous, Pendulum and Acrobot, single."""

import random

import gymnasium as gym
import numpy as np

from encode import b64, state_of

# Ours by Gymnasium's names.
KWARGS = {"goal_velocity": "goalVelocity", "g": "g", "book_or_nips": "bookOrNips", "torque_noise_max": "torqueNoiseMax"}
OPTIONS = {"low": "low", "high": "high", "x_init": "xInit", "y_init": "yInit"}
STATE_EVERY = 5
# Acrobot has these as attributes of its class.
ATTRIBUTES = ("book_or_nips", "torque_noise_max")


def swing(env, draw):
    """Actions that reach the goal of MountainCar and keep Acrobot moving: with the velocity."""
    state = env.unwrapped.state
    if isinstance(env.action_space, gym.spaces.Discrete):
        return int(state[-1] > 0) * 2 if env.spec.id.startswith("MountainCar") else int(state[2] < 0) * 2
    return np.array([1.0 if state[1] > 0 else -1.0], np.float32)


def any_action(env, draw):
    if isinstance(env.action_space, gym.spaces.Discrete):
        return draw.randrange(int(env.action_space.n))
    high = float(env.action_space.high[0])
    return np.array([draw.uniform(-high, high)], np.float32)


def beyond(env, draw):
    """Stronger than the bounds, and on them."""
    high = float(env.action_space.high[0])
    return np.array([draw.choice([-high, high, draw.uniform(-3 * high, 3 * high)])], np.float32)


def episodes_case(env_id, seed, policy, steps, options=None, **kwargs):
    env = gym.make(env_id, **{k: v for k, v in kwargs.items() if k not in ATTRIBUTES})
    for name in ATTRIBUTES:
        if name in kwargs:
            setattr(env.unwrapped, name, kwargs[name])
    draw = random.Random(seed)
    obs, _ = env.reset(seed=seed, options=options)
    trace = {"obs": [obs.copy()], "state": [np.array(env.unwrapped.state, "f8")], "reward": [], "terminated": [], "truncated": [], "action": []}
    for _ in range(steps):
        action = policy(env, draw)
        obs, reward, terminated, truncated, _ = env.step(action)
        for key, value in (("obs", obs.copy()), ("state", np.array(env.unwrapped.state, "f8")), ("reward", reward), ("terminated", terminated), ("truncated", truncated), ("action", np.ravel(action))):
            trace[key].append(value)
        if terminated or truncated:
            obs, _ = env.reset(options=options)
            trace["obs"].append(obs.copy())
            trace["state"].append(np.array(env.unwrapped.state, "f8"))
    dtypes = {"obs": "f4", "state": "f8", "reward": "f8", "action": "f4"}
    # Differences grow, so one in some tells of those between.
    trace["state"] = trace["state"][::STATE_EVERY]
    return {
        "id": env_id, "seed": str(seed),
        "options": {OPTIONS[k]: v for k, v in options.items()} if options else None,
        "kwargs": {KWARGS[k]: v for k, v in kwargs.items()},
        **{key: b64(np.array(value), dtypes.get(key, "u1")) for key, value in trace.items()},
        "random": state_of(env.unwrapped.np_random),
    }


def files(seeds, live):
    seeds = seeds[:5]
    few = seeds[:2]
    steps = 300
    cases = []
    for seed in seeds:
        cases += [episodes_case(env_id, seed, any_action, steps) for env_id in ("MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1")]
        cases += [episodes_case(env_id, seed, swing, steps) for env_id in ("MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1")]
    for seed in few:
        cases += [episodes_case(env_id, seed, beyond, steps) for env_id in ("MountainCarContinuous-v0", "Pendulum-v1")]
        cases.append(episodes_case("MountainCarContinuous-v0", seed, any_action, 1010))
        cases.append(episodes_case("MountainCar-v0", seed, swing, steps, options={"low": -1.1, "high": 0.2}, goal_velocity=0.02))
        cases.append(episodes_case("MountainCarContinuous-v0", seed, swing, steps, options={"low": -1.1, "high": 0.2}, goal_velocity=0.02))
        cases.append(episodes_case("Pendulum-v1", seed, any_action, steps, options={"x_init": 0.5, "y_init": 0.0}, g=9.81))
        cases.append(episodes_case("Acrobot-v1", seed, any_action, steps, book_or_nips="nips"))
        cases.append(episodes_case("Acrobot-v1", seed, any_action, steps, options={"low": -0.5, "high": 0.3}, torque_noise_max=0.2))
    return {"classic-control": {"episodes": cases}}
