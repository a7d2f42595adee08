"""One environment of Gymnura as a gymnasium.Env."""

import gymnasium as gym

from . import wire
from .node import in_camel_case, node, picture


class GymnuraEnv(gym.Env):
    """`env_id` is Gymnura's id; other keyword arguments are the environment's. Its time limit is left to `gymnasium.make`."""

    # What is drawn at all is told by each environment itself, below.
    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 30}

    def __init__(self, env_id, render_mode=None, **kwargs):
        self.node = node()
        made = self.node.call(
            "make", id=env_id, kwargs=in_camel_case(kwargs), renderMode=render_mode, numEnvs=None, autoresetMode=None, maxEpisodeSteps=None
        )
        self.number = made["number"]
        self.observation_space = wire.space_from_json(made["observationSpace"])
        self.action_space = wire.space_from_json(made["actionSpace"])
        self.metadata = {"render_modes": made["renderModes"], "render_fps": made["renderFps"] or 30}
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        observation, info = self.node.call("reset", number=self.number, seed=seed, options=options, mask=None)
        return wire.to_element(self.observation_space, observation), info

    def step(self, action):
        sent = wire.to_json_element(self.action_space, action)
        observation, reward, terminated, truncated, info = self.node.call("step", number=self.number, action=sent)
        return wire.to_element(self.observation_space, observation), float(reward), terminated, truncated, info

    def render(self):
        return None if self.render_mode is None else picture(self.node.call("render", number=self.number))

    def close(self):
        if self.number is not None:
            self.node.call("close", number=self.number)
            self.number = None
