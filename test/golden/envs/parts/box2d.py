"""Box2D's tasks: what a reset draws, to the bit, and what the controllers by hand reach (the engine differs, so steps do)."""

import gymnasium as gym
import numpy as np
from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics
from gymnasium.envs.box2d.lunar_lander import heuristic

from encode import b64, state_of


def lander_case(seed, **kwargs):
    env = gym.make("LunarLander-v3", **kwargs)
    obs, _ = env.reset(seed=seed)
    inner = env.unwrapped
    heights = [poly[0][1] for poly in inner.sky_polys] + [inner.sky_polys[-1][1][1]]
    first = state_of(env.unwrapped.np_random)
    action = np.zeros(2, np.float32) if kwargs.get("continuous") else 0
    later = [env.step(action)[0] for _ in range(12)]
    return {
        "seed": str(seed), "kwargs": {"enableWind": kwargs.get("enable_wind", False), "continuous": kwargs.get("continuous", False), "gravity": kwargs.get("gravity", -10.0)},
        "heights": b64(heights, "f8"), "obs": b64(obs, "f4"), "later": b64(later, "f4"), "random": first, "randomLater": state_of(inner.np_random),
    }


def walker_case(seed, hardcore):
    env = gym.make("BipedalWalker-v3", hardcore=hardcore)
    obs, _ = env.reset(seed=seed)
    inner = env.unwrapped
    clouds = [point for poly, _, _ in inner.cloud_poly for point in poly]
    return {
        "seed": str(seed), "hardcore": hardcore, "xs": b64(inner.terrain_x, "f8"), "ys": b64(inner.terrain_y, "f8"), "clouds": b64(clouds, "f8"),
        "obstacles": len(inner.terrain) - (len(inner.terrain_x) - 1), "obs": b64(obs, "f4"), "random": state_of(inner.np_random),
    }


def racing_case(seed, steps, **kwargs):
    env = gym.make("CarRacing-v3", **kwargs)
    obs, _ = env.reset(seed=seed)
    inner = env.unwrapped
    case = {
        "seed": str(seed), "kwargs": {"continuous": kwargs.get("continuous", True), "domainRandomize": kwargs.get("domain_randomize", False)},
        "track": b64(inner.track, "f8"), "kerbs": len(inner.road_poly) - len(inner.road), "colors": b64([inner.road_color, inner.bg_color, inner.grass_color], "f8"),
        "random": state_of(inner.np_random),
    }
    places, rewards = [], []
    for step in range(steps):
        action = np.array([0.1 * np.sin(step / 8), 0.4 if step < 50 else 0.0, 0.0 if step < 70 else 0.3], np.float32) if inner.continuous else [3, 1, 3, 2, 0, 4][step // 12 % 6]
        obs, reward, *_ = env.step(action)
        hull = inner.car.hull
        places.append([*hull.position, hull.angle, *(wheel.omega for wheel in inner.car.wheels)])
        rewards.append(reward)
    return {**case, "places": b64(places, "f8"), "rewards": b64(rewards, "f8"), "frame": b64(obs, "u1")}


def lander_returns(env_id, seeds):
    env = gym.make(env_id)
    returns = []
    for seed in seeds:
        obs, _ = env.reset(seed=seed)
        total, done = 0.0, False
        while not done:
            obs, reward, terminated, truncated, _ = env.step(heuristic(env, obs))
            total += reward
            done = terminated or truncated
        returns.append(float(total))
    return returns


def walker_returns(seeds):
    returns = []
    for seed in seeds:
        env = gym.make("BipedalWalker-v3")
        gait = BipedalWalkerHeuristics()
        env.reset(seed=seed)
        action, total, done = np.zeros(4), 0.0, False
        while not done:
            obs, reward, terminated, truncated, _ = env.step(action)
            action = gait.step_heuristic(obs)
            total += reward
            done = terminated or truncated
        returns.append(float(total))
    return returns


def files(seeds, live):
    landers = [lander_case(seed) for seed in seeds[:5]]
    landers += [lander_case(seeds[1], enable_wind=True), lander_case(seeds[2], continuous=True), lander_case(seeds[3], gravity=-4.0, enable_wind=True)]
    content = {
        "landers": landers,
        "walkers": [walker_case(seed, hardcore) for seed in seeds[:4] for hardcore in (False, True)],
        "races": [racing_case(seeds[0], 90), racing_case(seeds[1], 80, continuous=False), racing_case(seeds[2], 40, domain_randomize=True)],
        "returns": {
            "LunarLander-v3": lander_returns("LunarLander-v3", range(60 if live else 150)),
            "LunarLanderContinuous-v3": lander_returns("LunarLanderContinuous-v3", range(30 if live else 60)),
            "BipedalWalker-v3": walker_returns(range(10 if live else 40)),
        },
    }
    return {"box2d": content}
