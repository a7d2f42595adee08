"""Episodes of environments under Gymnasium's wrappers. A stack is a list of (name, options), innermost first, that both sides build."""

import re

import gymnasium as gym
import numpy as np
from gymnasium import spaces, wrappers

from encode import b64, state_of


class Pictures(gym.Env):
    """Small colour pictures that follow from the time, as observation and as frame. test/envs/traces/pictures.ts is the same."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}
    render_mode = "rgb_array"

    def __init__(self, height, width):
        self.sides = (height, width, 3)
        self.observation_space = spaces.Box(0, 255, self.sides, np.uint8)
        self.action_space = spaces.Discrete(3)

    def picture(self):
        i = np.arange(np.prod(self.sides))
        return ((17 * self.time * self.time + 31 * i + 7 * (i % 5) * self.time) % 256).astype(np.uint8).reshape(self.sides)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.time = int(self.np_random.integers(5))
        return self.picture(), {}

    def step(self, action):
        self.time += int(action) + 1
        return self.picture(), float(self.time % 3 - 1), self.time > 40, False, {}

    def render(self):
        return self.picture()


def snake(name):
    return re.sub(r"[A-Z]", lambda match: "_" + match.group().lower(), name)


def value(given):
    return tuple(given) if isinstance(given, list) and all(isinstance(item, int) for item in given) else np.array(given) if isinstance(given, list) and all(isinstance(item, float) for item in given) else given


def build(base, stack, family=wrappers):
    env = base
    for name, options in stack:
        env = getattr(family, name)(env, **{snake(key): value(option) for key, option in options.items()})
    return env


def numbers(space, element):
    """All numbers of an element, in the order of its space."""
    if isinstance(space, spaces.Dict):
        return np.concatenate([numbers(part, element[key]) for key, part in space.spaces.items()])
    if isinstance(space, spaces.Tuple):
        return np.concatenate([numbers(part, item) for part, item in zip(space.spaces, element)])
    return np.ravel(np.asarray(element, dtype=np.float64))


def single_case(base, stack, seed, steps):
    env = build(gym.make(base["id"], **{snake(k): v for k, v in base.get("kwargs", {}).items()}) if "id" in base else Pictures(*base["sides"]), stack)
    renders = base.get("renders", False)
    env.action_space.seed(seed)
    obs, _ = env.reset(seed=seed)
    seen, frames, rewards, flags, actions = [numbers(env.observation_space, obs)], [], [], [], []
    for _ in range(steps):
        action = env.action_space.sample()
        actions.append(numbers(env.action_space, action))
        obs, reward, terminated, truncated, _ = env.step(action)
        seen.append(numbers(env.observation_space, obs))
        rewards.append(reward)
        flags.append(2 * int(truncated) + int(terminated))
        if renders:
            frames.append(env.render())
        if terminated or truncated:
            seen.append(numbers(env.observation_space, env.reset()[0]))
    return {
        "base": base, "stack": stack, "seed": str(seed), "observationSpace": str(env.observation_space), "actionSpace": str(env.action_space),
        "obs": smallest(np.concatenate(seen)), "action": smallest(np.concatenate(actions)), "reward": b64(rewards, "f8"), "flags": b64(flags, "u1"),
        "frames": b64(np.array(frames), "u1"), "random": state_of(env.unwrapped.np_random),
    }


def smallest(values):
    """An array in the smallest dtype that holds it."""
    values = np.asarray(values, dtype=np.float64)
    if ((values >= 0) & (values <= 255) & (values == np.floor(values))).all():
        return {"dtype": "u1", "data": b64(values, "u1")}
    single = (values.astype("f4") == values).all()
    return {"dtype": "f4" if single else "f8", "data": b64(values, "f4" if single else "f8")}


CART, CAR, PENDULUM = {"id": "CartPole-v1", "kwargs": {"maxEpisodeSteps": 30}}, {"id": "MountainCar-v0", "kwargs": {"maxEpisodeSteps": 25}}, {"id": "Pendulum-v1"}
PICTURES, VIEW = {"sides": [12, 10]}, {"sides": [9, 7], "renders": True}

SINGLE = [
    (CART, [["NormalizeObservation", {}]]),
    (CART, [["NormalizeObservation", {"epsilon": 0.01}], ["NormalizeReward", {"gamma": 0.9}]]),
    (CART, [["FrameStackObservation", {"stackSize": 3}]]),
    (CART, [["FrameStackObservation", {"stackSize": 4, "paddingType": "zero"}], ["FlattenObservation", {}]]),
    (CART, [["DelayObservation", {"delay": 3}]]),
    (CART, [["TimeAwareObservation", {}]]),
    (CART, [["TimeAwareObservation", {"normalizeTime": True, "flatten": False}]]),
    (CART, [["TimeAwareObservation", {"flatten": False}], ["FilterObservation", {"filterKeys": ["obs"]}]]),
    (CART, [["MaxAndSkipObservation", {"skip": 3}]]),
    (CART, [["StickyAction", {"repeatActionProbability": 0.4, "repeatActionDuration": [1, 4]}]]),
    (CART, [["StickyAction", {"repeatActionProbability": 0.5, "repeatActionDuration": 2}]]),
    (CART, [["RepeatAction", {"numRepeats": 3}]]),
    (CART, [["DtypeObservation", {"dtype": "float64"}]]),
    (CART, [["ReshapeObservation", {"shape": [2, 2]}]]),
    (CART, [["ClipReward", {"minReward": -1.0, "maxReward": 0.5}]]),
    (CART, [["Autoreset", {}]]),
    (CAR, [["RescaleObservation", {"minObs": -2.0, "maxObs": 5.0}]]),
    (CAR, [["RescaleObservation", {"minObs": [0.0, -1.0], "maxObs": [1.0, 3.5]}]]),
    (CAR, [["DiscretizeObservation", {"bins": 10}]]),
    (CAR, [["DiscretizeObservation", {"bins": [7, 4], "multidiscrete": True}]]),
    (PENDULUM, [["NormalizeReward", {}]]),
    (PENDULUM, [["RescaleAction", {"minAction": -0.3, "maxAction": 0.9}]]),
    (PENDULUM, [["ClipAction", {}]]),
    (PENDULUM, [["DiscretizeAction", {"bins": 7}]]),
    (PENDULUM, [["DiscretizeAction", {"bins": [5], "multidiscrete": True}], ["DelayObservation", {"delay": 1}]]),
    (PICTURES, [["GrayscaleObservation", {}]]),
    (PICTURES, [["GrayscaleObservation", {"keepDim": True}], ["FrameStackObservation", {"stackSize": 2}]]),
    (PICTURES, [["ResizeObservation", {"shape": [5, 4]}]]),
    (PICTURES, [["ResizeObservation", {"shape": [6, 5]}]]),
    (PICTURES, [["ResizeObservation", {"shape": [4, 5]}], ["GrayscaleObservation", {}]]),
    (PICTURES, [["ResizeObservation", {"shape": [17, 23]}]]),
    (PICTURES, [["ResizeObservation", {"shape": [30, 3]}]]),
    (PICTURES, [["GrayscaleObservation", {}], ["ResizeObservation", {"shape": [7, 7]}]]),
    (PICTURES, [["NormalizeObservation", {}]]),
    (PICTURES, [["MaxAndSkipObservation", {}]]),
    (VIEW, [["AddRenderObservation", {"renderOnly": False}]]),
    (VIEW, [["AddWhiteNoise", {"probabilityOfNoisePerPixel": 0.4}]]),
    (VIEW, [["AddWhiteNoise", {"probabilityOfNoisePerPixel": 0.3, "isNoiseGrayscale": True}]]),
    (VIEW, [["ObstructView", {"obstructedPixelsRatio": 0.5, "obstructionWidth": 3}]]),
    (VIEW, [["ObstructView", {"obstructedPixelsRatio": 0.3, "obstructionWidth": 2, "isNoiseGrayscale": True}], ["AddRenderObservation", {}]]),
]


def vector_case(base, mode, stack, seed, num_envs, steps, autoreset="NextStep"):
    vector_kwargs = None if mode == "vector_entry_point" else {"autoreset_mode": autoreset}
    kwargs = {snake(k): v for k, v in base.get("kwargs", {}).items()}
    envs = build(gym.make_vec(base["id"], num_envs=num_envs, vectorization_mode=mode, vector_kwargs=vector_kwargs, **kwargs), stack, wrappers.vector)
    envs.action_space.seed(seed)
    obs, _ = envs.reset(seed=seed)
    seen, rewards, flags, actions, episodes, finals = [numbers(envs.observation_space, obs)], [], [], [], [], []
    for _ in range(steps):
        action = envs.action_space.sample()
        actions.append(numbers(envs.action_space, action))
        obs, reward, terminated, truncated, infos = envs.step(action)
        seen.append(numbers(envs.observation_space, obs))
        rewards.append(np.array(reward, dtype=np.float64))
        flags.append(2 * truncated.astype(int) + terminated)
        if "episode" in infos:
            episodes.append(np.concatenate([infos["episode"]["r"], infos["episode"]["l"], infos["_episode"].astype(float)]))
    return {
        "base": base, "mode": mode, "autoreset": {"NextStep": "next-step", "SameStep": "same-step", "Disabled": "disabled"}[autoreset], "stack": stack,
        "seed": str(seed), "numEnvs": num_envs, "observationSpace": str(envs.observation_space), "actionSpace": str(envs.action_space),
        "singleObservationSpace": str(envs.single_observation_space), "singleActionSpace": str(envs.single_action_space),
        "obs": smallest(np.concatenate(seen)), "action": smallest(np.concatenate(actions)), "reward": b64(np.concatenate(rewards), "f8"),
        "flags": b64(np.concatenate(flags), "u1"), "episodes": smallest(np.concatenate(episodes) if episodes else []),
    }


VECTOR = [
    (CART, "sync", [["NormalizeObservation", {}]], 3),
    (CART, "vector_entry_point", [["NormalizeObservation", {"epsilon": 0.1}]], 20),
    (CART, "vector_entry_point", [["NormalizeReward", {"gamma": 0.9}], ["RecordEpisodeStatistics", {}]], 11),
    (CART, "sync", [["RecordEpisodeStatistics", {}], ["NormalizeReward", {}]], 3),
    (CART, "sync", [["ReshapeObservation", {"shape": [2, 2]}], ["ClipReward", {"minReward": 0.0, "maxReward": 0.25}]], 3),
    (CART, "sync", [["DtypeObservation", {"dtype": "float64"}], ["NormalizeObservation", {}]], 9),
    (CAR, "sync", [["RescaleObservation", {"minObs": 0.0, "maxObs": 2.0}], ["FlattenObservation", {}]], 4),
    (PENDULUM, "sync", [["RescaleAction", {"minAction": -0.5, "maxAction": 1.5}]], 3),
    (PENDULUM, "sync", [["ClipAction", {}], ["RecordEpisodeStatistics", {}]], 3),
    ({"id": "Taxi-v4"} if "Taxi-v4" in gym.registry else {"id": "Taxi-v3"}, "sync", [["FlattenObservation", {}]], 2),
    ({"id": "CliffWalking-v1"}, "sync", [["NormalizeObservation", {}]], 130),
]


def files(seeds, live):
    steps = 400 if live else 45
    seeds = seeds[:4] if live else seeds[1:3]
    return {"wrapped": {"single": [single_case(base, stack, seed, steps) for base, stack in SINGLE for seed in seeds]},
        "wrapped-vectors": {"vectors": [vector_case(base, mode, stack, seed, count, steps) for base, mode, stack, count in VECTOR for seed in seeds[:1]]
                            + [vector_case(CART, "sync", [["RecordEpisodeStatistics", {}], ["NormalizeReward", {}]], seed, 3, steps, "SameStep") for seed in seeds[:1]]}}
