"""NumPy's random numbers: streams of every method, the tails of the ziggurats, seed sequences."""

import numpy as np

from encode import b64, state_of

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
    for p_success in (0.25, 0.01, 0.3333, 0.5, 0.9, 1.0):
        op("geometric", [p_success, 25], rng.geometric(p_success, 25))
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


def files(seeds, live):
    keys = [(), (0,), (3, 2**32 - 1), (1, 2, 3, 4, 5), tuple(ord(c) for c in "shuffle")]
    content = {
        "streams": [rng_case(seed) for seed in seeds],
        "tails": [tails_case(seed) for seed in seeds[:3]],
        "sequences": [sequence_case(seed, key) for seed in seeds for key in keys],
    }
    return {"rng": content}
