"""Makes the golden files of the environments from the real packages.

    python -m pip install gymnasium==1.4.0 numpy==2.4.6
    python test/golden/envs/make.py                       # remakes test/golden/envs
    python test/golden/envs/make.py --out DIR --seed 7    # the same kinds of traces for other seeds, for the live comparison

Arrays are base64 of little-endian bytes, so that no digit is lost. test/envs/traces.ts reads and replays them.
"""

import argparse
import base64
import gzip
import json
import pathlib
import random
import warnings

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

warnings.filterwarnings("ignore")
gym.logger.min_level = 50

FIXED_SEEDS = [0, 1, 42, 123456789, 2**32 - 1, 2**32, 2**53 + 1, 2**64 - 1, 2**127 + 12345, 2**128 - 1, 2**200 + 7]


def b64(values, dtype):
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def state_of(generator):
    state = generator.bit_generator.state
    return {
        "state": hex(state["state"]["state"]),
        "inc": hex(state["state"]["inc"]),
        "hasUint32": state["has_uint32"],
        "uinteger": state["uinteger"],
    }


# ---- random numbers ----------------------------------------------------------------------------------------------------------

INTEGER_RANGES = [
    ("int8", -128, 128), ("int8", -3, 4), ("uint8", 0, 256), ("uint8", 0, 200), ("uint8", 7, 8),
    ("int16", -32768, 32768), ("int16", -300, 1000), ("uint16", 0, 65536), ("uint16", 5, 40000),
    ("int32", -(2**31), 2**31), ("int32", -5, 6), ("uint32", 0, 2**32), ("uint32", 0, 3 * 2**30),
    ("int64", 0, 2), ("int64", 0, 10), ("int64", 0, 2**32), ("int64", 0, 2**32 - 1), ("int64", 0, 3 * 2**30),
    ("int64", -7, 2**40), ("int64", -(2**52), 2**52), ("uint64", 0, 1000), ("uint64", 0, 2**53 - 1),
]
BIG_RANGES = [(0, 2**64, "uint64"), (-(2**63), 2**63, "int64"), (5, 2**63 + 9, "uint64"), (-(2**62), 2**61, "int64"), (0, 3, "int64")]


def rng_case(seed):
    """One stream, many methods in turn, so that the buffered half of a 64-bit draw is met in every situation."""
    rng = np.random.Generator(np.random.PCG64(seed))
    ops = []

    def op(name, args, values, dtype="f8"):
        ops.append({"op": name, "args": args, "values": b64(values, dtype), "dtype": dtype})

    op("random", [20], rng.random(20))
    for dtype, low, high in INTEGER_RANGES:
        op("integers", [low, high, dtype, 3], [int(rng.integers(low, high, dtype=dtype)) for _ in range(3)])
        op("integersArray", [low, high, dtype, 7], rng.integers(low, high, size=7, dtype=dtype).astype("f8"))
    for low, high, dtype in BIG_RANGES:
        draws = [str(int(rng.integers(low, high, dtype=dtype))) for _ in range(4)]
        ops.append({"op": "bigIntegers", "args": [str(low), str(high)], "text": draws})
    op("uniform", [-0.05, 0.05, 12], rng.uniform(-0.05, 0.05, 12))
    op("uniform", [-1e30, 5.5, 4], rng.uniform(-1e30, 5.5, 4))
    op("standardNormal", [200], rng.standard_normal(200))
    op("integers", [0, 9, "int64", 1], [int(rng.integers(0, 9))])
    op("normal", [1.5, 0.1, 20], rng.normal(1.5, 0.1, 20))
    op("standardExponential", [200], rng.standard_exponential(200))
    op("exponential", [2.5, 20], rng.exponential(2.5, 20))
    p = [0.1, 0.0, 0.2, 0.3, 0.4]
    op("choice", [6, None, 10], [rng.choice(6) for _ in range(10)])
    op("choice", [5, p, 20], [rng.choice(5, p=p) for _ in range(20)])
    op("choices", [50, 12, {"replace": True}], rng.choice(50, 12))
    op("choices", [5, 12, {"replace": True, "p": p}], rng.choice(5, 12, p=p))
    op("choices", [5, 3, {"replace": False, "p": p}], rng.choice(5, 3, replace=False, p=p))
    op("choices", [50, 20, {"replace": False}], rng.choice(50, 20, replace=False))
    op("choices", [50, 50, {"replace": False}], rng.choice(50, 50, replace=False))
    op("choices", [50, 20, {"replace": False, "shuffle": False}], rng.choice(50, 20, replace=False, shuffle=False))
    op("choices", [12000, 300, {"replace": False}], rng.choice(12000, 300, replace=False))
    op("choices", [12000, 100, {"replace": False}], rng.choice(12000, 100, replace=False))
    op("choices", [12000, 700, {"replace": False, "shuffle": False}], rng.choice(12000, 700, replace=False, shuffle=False))
    op("permutation", [30], rng.permutation(30))
    shuffled = np.arange(17)
    rng.shuffle(shuffled)
    op("shuffle", [17], shuffled)
    op("permutation", [1], rng.permutation(1))
    children = rng.spawn(2) + rng.spawn(1)
    op("spawn", [2, 1], [child.random() for child in children])
    op("integers", [0, 100, "int32", 1], [int(rng.integers(0, 100, dtype="int32"))])
    return {"seed": str(seed), "ops": ops, "state": state_of(rng)}


def tails_case(seed, count=30000):
    """Draws in the tails of the ziggurats are rare: only those are written down, with where they were, and the end of the stream."""
    case = {"seed": str(seed), "count": count}
    for name, limit in (("standard_normal", 3.6541528853610088), ("standard_exponential", 7.69711747013104972)):
        rng = np.random.Generator(np.random.PCG64(seed))
        draws = getattr(rng, name)(count)
        at = np.flatnonzero(np.abs(draws) > limit)
        case[name] = {"at": at.tolist(), "values": b64(draws[at], "f8"), "sum": b64([draws[-1]], "f8"), "state": state_of(rng)}
    return case


def sequence_case(seed, key):
    sequence = np.random.SeedSequence(seed, spawn_key=key)
    return {
        "seed": str(seed),
        "spawnKey": list(key),
        "words": sequence.generate_state(11).tolist(),
        "child": sequence.spawn(3)[2].generate_state(5).tolist(),
        "random": b64([np.random.Generator(np.random.PCG64(sequence)).random()], "f8"),
    }


def rng_file(seeds):
    keys = [(), (0,), (3, 2**32 - 1), (1, 2, 3, 4, 5), tuple(ord(c) for c in "shuffle")]
    return {
        "streams": [rng_case(seed) for seed in seeds],
        "tails": [tails_case(seed) for seed in seeds[:3]],
        "sequences": [sequence_case(seed, key) for seed in seeds for key in keys],
    }


# ---- spaces ------------------------------------------------------------------------------------------------------------------

INF = float("inf")


def box(low, high, shape=None, dtype="float32"):
    bound = lambda value: np.array(value) if isinstance(value, list) else value
    return spaces.Box(bound(low), bound(high), shape=shape, dtype=np.dtype(dtype).type), {
        "low": low if isinstance(low, list) else [low], "high": high if isinstance(high, list) else [high], "shape": shape, "dtype": dtype,
    }


BOXES = [
    (-1.0, 1.0, (3,)), (0.0, INF, (4,)), (-INF, 2.5, (4,)), (-INF, INF, (5,)), (-0.1, 0.3, (2, 3)),
    ([-1.0, -INF, 0.5, -INF, 2.0], [1.0, INF, INF, 3.0, 2.0], None),
    ([-INF, 0.0, -5.0, -INF], [INF, INF, 5.0, 0.25], None, "float64"), (-1e300, 1e300, (3,), "float64"),
    (0, 255, (6,), "uint8"), (-128, 127, (6,), "int8"), (-1000, 1000, (4,), "int16"), (0, 65535, (3,), "uint16"),
    (-5, 5, (7,), "int32"), (0, 2**31, (3,), "uint32"), (-10, 10, (4,), "int64"), (-INF, INF, (5,), "int64"), (-INF, 3, (4,), "int32"),
    (2, INF, (4,), "int8"), ([-INF, 0.0, 3.0, -INF], [INF, 7.0, INF, -2.0], None, "int32"), (0, 1, (9,), "bool"),
]
DISCRETES = [(1, 0, "int64"), (2, 0, "int64"), (7, -3, "int64"), (1000, 5, "int64"), (2**31 - 1, 0, "int64"), (5, 0, "int8"), (200, 0, "uint8"), (300, -7, "int16"), (9, 1, "int32")]


def as_json(value):
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return "inf" if value == INF else "-inf" if value == -INF else value


def box_case(arguments, seed):
    space, described = box(*arguments)
    described = {"type": "Box", **described, "low": as_json(described["low"]), "high": as_json(described["high"]), "shape": list(space.shape)}
    for name in ("low", "high"):
        described[name] = described[name][0] if len(described[name]) == 1 else described[name]
    space.seed(seed)
    samples = [space.sample() for _ in range(12)]
    return {"space": described, "seed": str(seed), "samples": b64(np.array(samples).reshape(12, -1), "f8"), "inside": all(s in space for s in samples)}


def discrete_case(n, start, dtype, seed):
    space = spaces.Discrete(n, start=start, dtype=np.dtype(dtype).type)
    space.seed(seed)
    case = {"space": {"type": "Discrete", "n": n, "start": start, "dtype": dtype}, "seed": str(seed)}
    case["samples"] = b64([space.sample() for _ in range(30)], "f8")
    if n <= 1000:
        draw = np.random.default_rng(n)
        mask = (draw.random(n) < 0.5).astype(np.int8)
        p = draw.random(n)
        p /= p.sum()
        case["mask"], case["probability"] = mask.tolist(), b64(p, "f8")
        case["masked"] = b64([space.sample(mask=mask) for _ in range(20)] + [space.sample(mask=np.zeros(n, np.int8))], "f8")
        case["weighted"] = b64([space.sample(probability=p) for _ in range(20)], "f8")
    return case


def multi_discrete_case(seed):
    nvec, start = [2, 5, 1, 300], [0, -3, 4, 1]
    space = spaces.MultiDiscrete(nvec, start=start, seed=seed)
    mask = tuple((np.arange(n) % 3 != 1).astype(np.int8) for n in nvec)
    case = {"space": {"type": "MultiDiscrete", "nvec": nvec, "start": start, "shape": [4], "dtype": "int64"}, "seed": str(seed)}
    case["samples"] = b64(np.array([space.sample() for _ in range(20)]), "f8")
    case["mask"] = [m.tolist() for m in mask]
    case["masked"] = b64(np.array([space.sample(mask=mask) for _ in range(20)]), "f8")
    return case


def spaces_file(seeds):
    cases = []
    for seed in seeds:
        cases += [box_case(arguments, seed) for arguments in BOXES]
        cases += [discrete_case(n, start, dtype, seed) for n, start, dtype in DISCRETES]
        cases.append(multi_discrete_case(seed))
    return {"cases": cases}


# ---- CartPole ----------------------------------------------------------------------------------------------------------------


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


def cartpole_file(seeds, live):
    cases = [episode_case("CartPole-v1", seed, "random", 120) for seed in seeds]
    cases += [episode_case("CartPole-v1", seed, "balance", 510) for seed in seeds[:3]]
    cases += [episode_case("CartPole-v0", seed, "balance", 205) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v0", seed, "random", 60) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v1", seed, "random", 60, sutton_barto_reward=True) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v1", seed, "random", 60, options={"low": -0.2, "high": 0.1}) for seed in seeds[:2]]
    cases += [episode_case("CartPole-v1", seed, "beyond", 90, sutton_barto_reward=sutton) for seed in seeds[:1] for sutton in (False, True)]
    if live:
        cases += [episode_case("CartPole-v1", seed, policy, 3000) for seed in seeds for policy in ("random", "balance")]
    return {"episodes": cases}


# ---- vectors -----------------------------------------------------------------------------------------------------------------


def vector_case(mode, autoreset, seed, num_envs, steps, options=None, **kwargs):
    vector_kwargs = None if mode == "vector_entry_point" else {"autoreset_mode": {"next-step": "NextStep", "same-step": "SameStep", "disabled": "Disabled"}[autoreset]}
    envs = gym.make_vec("CartPole-v1", num_envs=num_envs, vectorization_mode=mode, vector_kwargs=vector_kwargs, **kwargs)
    action_seed = seed if isinstance(seed, int) else seed[0]
    envs.action_space.seed(action_seed)
    obs, _ = envs.reset(seed=seed, options=dict(options) if options else None)
    trace = {"obs": [obs], "reward": [], "terminated": [], "truncated": [], "action": [], "final": [], "resetObs": []}
    for _ in range(steps):
        action = envs.action_space.sample()
        obs, reward, terminated, truncated, infos = envs.step(action)
        for key, value in (("obs", obs), ("reward", reward), ("terminated", terminated), ("truncated", truncated), ("action", action)):
            trace[key].append(value)
        done = np.logical_or(terminated, truncated)
        if autoreset == "same-step" and done.any():
            assert (infos["_final_obs"] == done).all()
            trace["final"].append(np.stack([infos["final_obs"][i] for i in np.flatnonzero(done)]))
        if autoreset == "disabled" and done.any():
            obs, _ = envs.reset(options={"reset_mask": done})
            trace["resetObs"].append(obs)
    dtypes = {"obs": "f4", "final": "f4", "resetObs": "f4", "reward": "f8"}
    flat = {key: np.concatenate([np.ravel(v) for v in value]) if value else np.array([]) for key, value in trace.items()}
    return {
        "mode": mode, "autoreset": autoreset, "seed": str(seed) if isinstance(seed, int) else [str(s) for s in seed], "actionSeed": str(action_seed),
        "numEnvs": num_envs, "options": options, "maxEpisodeSteps": kwargs.get("max_episode_steps"), "rewardDtype": str(reward.dtype),
        "suttonBartoReward": kwargs.get("sutton_barto_reward", False),
        **{key: b64(value, dtypes.get(key, "u1")) for key, value in flat.items()},
    }


def vector_file(seeds, live):
    steps = 1000 if live else 70
    cases = []
    for seed in seeds:
        for mode, autoreset in (("vector_entry_point", "next-step"), ("sync", "next-step"), ("sync", "same-step"), ("sync", "disabled")):
            cases.append(vector_case(mode, autoreset, seed, 3, steps))
            cases.append(vector_case(mode, autoreset, seed, 4, steps, max_episode_steps=11))
            cases.append(vector_case(mode, autoreset, seed, 2, steps // 2, options={"low": -0.15, "high": 0.15}, sutton_barto_reward=True))
    cases += [vector_case("sync", autoreset, [5, 1, 9], 3, steps) for autoreset in ("next-step", "same-step", "disabled")]
    return {"vectors": cases}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=pathlib.Path(__file__).parent, type=pathlib.Path)
    parser.add_argument("--seed", type=int, help="draw the seeds from this number, and make longer traces")
    options = parser.parse_args()
    live = options.seed is not None
    seeds = FIXED_SEEDS
    if live:
        draw = random.Random(options.seed)
        seeds = [draw.getrandbits(bits) for bits in (8, 20, 31, 32, 50, 60, 64, 100, 128, 256)]
    options.out.mkdir(parents=True, exist_ok=True)
    files = {
        "rng": rng_file(seeds),
        "spaces": spaces_file(seeds[2:5]),
        "cartpole": cartpole_file(seeds[:6], live),
        "vectors": vector_file(seeds[1:3], live),
    }
    for name, content in files.items():
        content = {"made_with": {"gymnasium": gym.__version__, "numpy": np.__version__}, **content}
        # No time in the header: the same input makes the same bytes.
        path = options.out / f"{name}.json.gz"
        path.write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0))
        print(f"{path} {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
