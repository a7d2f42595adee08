"""Many environments of Gymnura as one gymnasium.vector.VectorEnv: one exchange with Node a step, one kernel where Gymnura has it."""

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from . import wire
from .node import in_camel_case, node, picture

MODES = {AutoresetMode.NEXT_STEP: "next-step", AutoresetMode.SAME_STEP: "same-step", AutoresetMode.DISABLED: "disabled"}


class GymnuraVectorEnv(gym.vector.VectorEnv):
    """Environment i has the seed `seed + i`, as in Gymnasium's SyncVectorEnv. Observations and actions are arrays of numbers."""

    def __init__(self, env_id, num_envs=1, max_episode_steps=None, render_mode=None, autoreset_mode=AutoresetMode.NEXT_STEP, **kwargs):
        self.node = node()
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        made = self.node.call(
            "make", id=env_id, kwargs=in_camel_case(kwargs), renderMode=render_mode, numEnvs=num_envs,
            autoresetMode=MODES[self.autoreset_mode], maxEpisodeSteps=max_episode_steps,
        )
        self.number = made["number"]
        self.num_envs = num_envs
        self.single_observation_space = wire.space_from_json(made["observationSpace"])
        self.single_action_space = wire.space_from_json(made["actionSpace"])
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"render_modes": made["renderModes"], "render_fps": made["renderFps"] or 30, "autoreset_mode": self.autoreset_mode}
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed if isinstance(seed, int) else None)
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        mask = None if mask is None else np.asarray(mask, np.uint8)
        observations, infos = self.node.call("reset", number=self.number, seed=seed, options=options, mask=mask)
        return wire.to_element(self.observation_space, observations), self.infos(infos)

    def step(self, actions):
        sent = wire.to_json_element(self.action_space, actions)
        observations, rewards, terminated, truncated, infos = self.node.call("step", number=self.number, action=sent)
        return (
            wire.to_element(self.observation_space, observations), rewards, terminated.astype(bool), truncated.astype(bool), self.infos(infos)
        )

    def infos(self, infos):
        """As Gymnasium has them: a mask of booleans beside each, and `final_obs` a list with None where no episode has ended."""
        given = {name: value.astype(bool) if name.startswith("_") and isinstance(value, np.ndarray) else value for name, value in infos.items()}
        finals, mask = given.pop("finalObs", None), given.pop("_finalObs", None)
        if finals is not None and mask.any():
            batch = wire.to_element(self.observation_space, finals)
            given["final_obs"] = np.array([None] * self.num_envs, dtype=object)
            for i in np.flatnonzero(mask):
                given["final_obs"][i] = batch[i]
            given["_final_obs"] = mask
        if "finalInfo" in given:
            given["final_info"], given["_final_info"] = given.pop("finalInfo"), given.pop("_finalInfo")
        return given

    def render(self):
        if self.render_mode is None:
            return None
        return tuple(picture(frame) for frame in self.node.call("render", number=self.number))

    def close_extras(self, **kwargs):
        self.node.call("close", number=self.number)
