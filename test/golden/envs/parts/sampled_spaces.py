"""What every kind of space samples."""

import numpy as np
from gymnasium import spaces

from encode import INF, as_json, b64


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


def files(seeds, live):
    cases = []
    for seed in seeds[2:5]:
        cases += [box_case(arguments, seed) for arguments in BOXES]
        cases += [discrete_case(n, start, dtype, seed) for n, start, dtype in DISCRETES]
        cases.append(multi_discrete_case(seed))
    return {"spaces": {"cases": cases}}
