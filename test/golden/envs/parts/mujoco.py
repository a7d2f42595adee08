"""MuJoCo's tasks: each compiled model, and episodes with the states from which each step starts."""

import hashlib
import os

import gymnasium as gym
import mujoco
import numpy as np

from encode import b64, state_of

ASSETS = os.path.join(os.path.dirname(gym.__file__), "envs", "mujoco", "assets")
MODELS = {
    "HalfCheetah": "half_cheetah", "Hopper": "hopper", "Walker2d": "walker2d_v5", "Ant": "ant", "Humanoid": "humanoid",
    "HumanoidStandup": "humanoidstandup", "Swimmer": "swimmer", "Reacher": "reacher", "Pusher": "pusher_v5",
    "InvertedPendulum": "inverted_pendulum", "InvertedDoublePendulum": "inverted_double_pendulum",
}

# What each environment can be told otherwise.
KWARGS = {
    "HalfCheetah": dict(frame_skip=2, forward_reward_weight=2.0, ctrl_cost_weight=0.3, reset_noise_scale=0.2, exclude_current_positions_from_observation=False),
    "Hopper": dict(frame_skip=2, healthy_reward=3.0, terminate_when_unhealthy=False, healthy_state_range=(-1.0, 1.0), healthy_z_range=(1.2, 1.3), healthy_angle_range=(-0.01, 0.1), exclude_current_positions_from_observation=False),
    "Walker2d": dict(frame_skip=3, healthy_reward=0.5, ctrl_cost_weight=0.1, healthy_z_range=(1.2, 1.25), reset_noise_scale=0.01, exclude_current_positions_from_observation=False),
    "Ant": dict(frame_skip=3, main_body="aux_2", contact_cost_weight=0.1, contact_force_range=(-0.2, 0.3), healthy_z_range=(0.6, 0.8), include_cfrc_ext_in_observation=False, exclude_current_positions_from_observation=False),
    "Humanoid": dict(frame_skip=2, contact_cost_range=(0.5, 1.0), include_cinert_in_observation=False, include_cfrc_ext_in_observation=False, exclude_current_positions_from_observation=False),
    "HumanoidStandup": dict(frame_skip=2, uph_cost_weight=2.0, impact_cost_weight=0.1, impact_cost_range=(0.0, 0.5), include_cinert_in_observation=False, include_cvel_in_observation=False, include_qfrc_actuator_in_observation=False),
    "Swimmer": dict(frame_skip=2, forward_reward_weight=3.0, ctrl_cost_weight=0.01, exclude_current_positions_from_observation=False),
    "Reacher": dict(frame_skip=1, reward_dist_weight=2.0, reward_control_weight=0.1),
    "Pusher": dict(frame_skip=2, reward_near_weight=0.1, reward_dist_weight=2.0, reward_control_weight=0.7),
    "InvertedPendulum": dict(frame_skip=1, reset_noise_scale=0.15),
    "InvertedDoublePendulum": dict(frame_skip=1, reset_noise_scale=0.3, healthy_reward=4.0),
}


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def model_case(env, asset):
    """The compiled model as MuJoCo's binary format has it: all sizes, options and arrays."""
    model = mujoco.MjModel.from_xml_path(os.path.join(ASSETS, f"{asset}.xml"))
    binary = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, binary)
    return {"env": env, "bytes": binary.size, "sha256": hashlib.sha256(binary.tobytes()).hexdigest()}


def flat_info(info):
    return [[camel(key), b64(np.ravel(value), "f8")] for key, value in info.items()]


def shadow_of(env_id, seed, kwargs):
    """The same episode from a start that is off by 1e-11, some fifty times what one step differs between WebAssembly and native code."""
    env = gym.make(env_id, **kwargs)
    env.reset(seed=seed)
    data = env.unwrapped.data
    off = lambda values, signs: values + 1e-11 * np.maximum(1, np.abs(values)) * signs
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], data.qpos.size + data.qvel.size)
    env.unwrapped.set_state(off(data.qpos, signs[: data.qpos.size]), off(data.qvel, signs[data.qpos.size :]))
    return env


def episode_case(env_id, seed, followed, free, shadowed, **kwargs):
    """`followed` steps are told with the state each starts from; then the episode is left to run until `free` steps.
    Beside a drawn seed a shadow runs: bodies in contact are chaotic, and how far it strays says how exactly any other run can be asked to agree."""
    env = gym.make(env_id, **kwargs)
    data = env.unwrapped.data
    shadow = shadow_of(env_id, seed, kwargs) if shadowed else None
    env.action_space.seed(seed)
    obs, info = env.reset(seed=seed)
    state = lambda: np.concatenate([data.qpos, data.qvel])
    case = {
        "id": env_id, "seed": str(seed), "kwargs": {camel(key): value for key, value in kwargs.items()},
        "obs": b64(obs, "f8"), "info": flat_info(info), "start": b64(state(), "f8"), "steps": [], "free": [], "ended": None,
    }
    if shadow:
        case["strayed"] = []
    actions = []
    strayed = 0.0
    for step in range(free):
        action = env.action_space.sample()
        actions.append(action)
        before = np.concatenate([state(), data.qacc_warmstart])
        obs, reward, terminated, truncated, info = env.step(action)
        if step < followed:
            case["steps"].append({
                "before": b64(before, "f8"), "obs": b64(obs, "f8"), "reward": b64([reward], "f8"), "ended": [bool(terminated), bool(truncated)],
                "info": flat_info(info),
            })
        if shadow:
            shadow.step(action)
            other = shadow.unwrapped.data
            strayed = max(strayed, float(np.max(np.abs(np.concatenate([other.qpos, other.qvel]) - state()))))
        if (step + 1) % 10 == 0:
            case["free"].append(b64(state(), "f8"))
            if shadow:
                case["strayed"].append(strayed)
        if terminated or truncated:
            case["ended"] = step + 1
            break
    return {**case, "action": b64(np.array(actions), "f4"), "random": state_of(env.unwrapped.np_random)}


def files(seeds, live):
    followed, free = (40, 50) if live else (6, 50)
    cases = []
    for name in MODELS:
        heavy = name.startswith("Humanoid") and not live
        for seed in seeds[1:6] if live else seeds[1:3]:
            cases.append(episode_case(f"{name}-v5", seed, 3 if heavy else followed, free, live))
        cases.append(episode_case(f"{name}-v5", seeds[3], 3 if heavy else followed, 20, live, **KWARGS[name]))
    models = [model_case(env, asset) for env, asset in MODELS.items()]
    return {"mujoco": {"mujoco": mujoco.__version__, "models": models, "episodes": cases}}
