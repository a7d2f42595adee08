"""Gymnura's environments in Gymnasium: importing this registers them all, as `gymnura/CartPole-v1` and so on.

    import gymnasium as gym
    import gymnura_gymnasium

    env = gym.make("gymnura/CartPole-v1", render_mode="rgb_array")
    envs = gym.make_vec("gymnura/CartPole-v1", num_envs=1024, vectorization_mode="vector_entry_point")    # one kernel for all

They run in a Node process beside this one. An id with a namespace of its own has it in front of the name: MinAtar/Breakout-v1 is
gymnura/MinAtar-Breakout-v1. Keyword arguments are those of Gymnura in Python's spelling: sutton_barto_reward for suttonBartoReward.
"""

import gymnasium as gym

from .env import GymnuraEnv
from .node import GymnuraError, node
from .vector import GymnuraVectorEnv

__all__ = ["GymnuraEnv", "GymnuraError", "GymnuraVectorEnv", "register_envs"]


def register_envs():
    """Registers what is not there yet; asks Node which environments there are. Raises GymnuraError where Node or the package is missing."""
    for spec in node().call("list"):
        name = "gymnura/" + spec["id"].replace("/", "-")
        if name not in gym.registry:
            gym.register(
                id=name,
                entry_point="gymnura_gymnasium.env:GymnuraEnv",
                vector_entry_point="gymnura_gymnasium.vector:GymnuraVectorEnv",
                max_episode_steps=spec["maxEpisodeSteps"],
                reward_threshold=spec["rewardThreshold"],
                nondeterministic=spec["nondeterministic"],
                kwargs={"env_id": spec["id"]},
            )


register_envs()
