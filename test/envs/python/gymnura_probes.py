"""Environments that try PythonEnv: every kind of space, and everything that can go wrong."""

import ctypes
import os
import signal
import subprocess
import sys
import time

import gymnasium as gym
import numpy as np
from gymnasium import spaces

KINDS = {
    "box": lambda: spaces.Box(-1.0, np.array([[1.0, 2.0], [3.0, np.inf]], np.float32), (2, 2)),
    "pixels": lambda: spaces.Box(0, 255, (4, 3, 3), np.uint8),
    "doubles": lambda: spaces.Box(-np.inf, np.inf, (3,), np.float64),
    "scalar": lambda: spaces.Box(-1.0, 1.0, ()),
    "integers": lambda: spaces.Box(-5, 5, (3,), np.int64),
    "discrete": lambda: spaces.Discrete(7, start=-3),
    "multiDiscrete": lambda: spaces.MultiDiscrete([[2, 5], [3, 9]], start=[[0, -3], [4, 1]]),
    "multiBinary": lambda: spaces.MultiBinary([2, 3]),
    "text": lambda: spaces.Text(6, min_length=2, charset="abc€𝄞"),
    "tuple": lambda: spaces.Tuple([spaces.Discrete(3), spaces.Box(0.0, 1.0, (2,))]),
    "dict": lambda: spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Dict({"$x": spaces.Box(0.0, 1.0, (1,))})}),
    "sequence": lambda: spaces.Sequence(spaces.Box(0.0, 1.0, (2,))),
    "stacked": lambda: spaces.Sequence(spaces.Discrete(5), stack=True),
    "graph": lambda: spaces.Graph(spaces.Box(0.0, 1.0, (2,)), spaces.Discrete(4)),
    "nodes": lambda: spaces.Graph(spaces.Box(0.0, 1.0, (2,)), None),
    "oneOf": lambda: spaces.OneOf([spaces.Discrete(3), spaces.Box(0.0, 1.0, (2,))]),
}


class Echo(gym.Env):
    """The first observation is what its space samples from the seed, then each action comes back as the observation."""

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 12}

    def __init__(self, kind="box", render_mode=None, limit=None):
        self.observation_space, self.action_space = KINDS[kind](), KINDS[kind]()
        self.render_mode, self.limit = render_mode, limit

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {"options": options, "seed": seed}

    def step(self, action):
        assert action in self.action_space, repr(action)
        self.steps += 1
        info = {
            "steps": self.steps, "array": np.arange(6, dtype=np.int64).reshape(2, 3), "flags": np.array([True, False]), "big": 2**60 + 1,
            "odd": [float("nan"), float("inf"), np.float32(0.5), None, "é"], "nested": {"$a": (1, 2)}, "large": np.array([2**40]),
        }
        return action, 0.1 * self.steps, self.steps == self.limit, False, info

    def render(self):
        if self.render_mode == "ansi":
            return f"step {self.steps}"
        return np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3) + np.uint8(self.steps)


def spin():
    while True:
        pass


def segfault():
    ctypes.string_at(0)


def start_child():
    global child
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])


TROUBLES = {
    "raises": lambda: int("seven"),
    "spins": spin,
    "sleeps": lambda: time.sleep(1000),
    "holds the lock": lambda: ctypes.PyDLL(None).sleep(1000),
    "exits": lambda: os._exit(3),
    "ends": lambda: sys.exit("no more"),
    "crashes": segfault,
    "is killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "prints": lambda: print("a word to standard output"),
    "has a child": start_child,
}


class Trouble(gym.Env):
    observation_space = spaces.Discrete(100)
    action_space = spaces.Discrete(2)

    def __init__(self, at="step", what="raises"):
        self.at, self.what = at, what
        self.trouble("make")

    def trouble(self, at):
        if at == self.at:
            TROUBLES[self.what]()

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.trouble("reset")
        self.steps = 0
        return 0, {"child": child.pid if child else None}

    def step(self, action):
        if action == 1:
            self.trouble("step")
        self.steps += 1
        return self.steps, 0, False, False, {}

    def close(self):
        self.trouble("close")


child = None
gym.register("Echo-v0", Echo)
gym.register("Trouble-v0", Trouble, kwargs={})
