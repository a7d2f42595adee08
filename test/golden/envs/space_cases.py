"""The spaces that are sampled for the golden files, each with the masks and probabilities it is sampled by."""

import collections

import numpy as np
from gymnasium import spaces

from encode import INF

NONE = {}


def mask(value):
    return {"mask": value}


def probability(value):
    return {"probability": value}


def flags(*values):
    return np.array(values, dtype=np.int8)


def p(*values):
    return np.array(values, dtype=np.float64)


def box(low, high, shape=None, dtype="float32"):
    bound = lambda value: np.array(value) if isinstance(value, list) else value
    return lambda: spaces.Box(bound(low), bound(high), shape=shape, dtype=np.dtype(dtype).type)


BOXES = [
    (-1.0, 1.0, (3,)), (0.0, INF, (4,)), (-INF, 2.5, (4,)), (-INF, INF, (5,)), (-0.1, 0.3, (2, 3)), (-2.0, 3.0, ()),
    ([-1.0, -INF, 0.5, -INF, 2.0], [1.0, INF, INF, 3.0, 2.0], None),
    ([-INF, 0.0, -5.0, -INF], [INF, INF, 5.0, 0.25], None, "float64"), (-1e300, 1e300, (3,), "float64"),
    (0, 255, (6,), "uint8"), (-128, 127, (6,), "int8"), (-1000, 1000, (4,), "int16"), (0, 65535, (3,), "uint16"),
    (-5, 5, (7,), "int32"), (0, 2**31, (3,), "uint32"), (-10, 10, (4,), "int64"), (-INF, INF, (5,), "int64"), (-INF, 3, (4,), "int32"),
    (2, INF, (4,), "int8"), ([-INF, 0.0, 3.0, -INF], [INF, 7.0, INF, -2.0], None, "int32"), (0, 1, (9,), "bool"),
]
DISCRETES = [
    (1, 0, "int64"), (2, 0, "int64"), (7, -3, "int64"), (1000, 5, "int64"), (2**31 - 1, 0, "int64"),
    (5, 0, "int8"), (200, 0, "uint8"), (300, -7, "int16"), (9, 1, "int32"),
]


def discrete_case(n, start, dtype):
    make = lambda: spaces.Discrete(n, start=start, dtype=np.dtype(dtype).type)
    if n > 1000:
        return make, [NONE]
    draw = np.random.default_rng(n)
    weights = draw.random(n)
    allowed = (draw.random(n) < 0.5).astype(np.int8)
    return make, [NONE, mask(allowed), mask(np.zeros(n, np.int8)), probability(weights / weights.sum())]


def many(n, seed):
    """Probabilities whose sum is off by less than Gymnasium minds."""
    weights = np.random.default_rng(seed).random(n)
    weights[::3] = 0
    return weights / weights.sum() * (1 + 4e-6)


MULTI = (flags(1, 0), flags(0, 0, 0, 0, 0), flags(1), (np.arange(300) % 3 != 1).astype(np.int8))
GRID = ((flags(1, 1), flags(0, 1, 1)), (flags(0, 0, 0, 1), flags(1,)))
GRID_P = ((p(0.25, 0.75), p(0.0, 0.5, 0.5)), (p(0.1, 0.2, 0.3, 0.4), p(1.0)))


def nested():
    return spaces.Dict({
        "sensors": spaces.Tuple((spaces.Box(-1, 1, (2,)), spaces.MultiBinary(3))),
        "mode": spaces.Discrete(4, start=1),
        "inner": spaces.Dict({"b": spaces.Text(4), "a": spaces.MultiDiscrete([2, 3])}),
    })


NESTED_MASK = {
    "sensors": (None, flags(0, 1, 2)),
    "mode": flags(0, 1, 0, 1),
    "inner": {"b": (2, None), "a": (flags(0, 1), flags(1, 1, 0))},
}

CASES = (
    [(box(*arguments), [NONE]) for arguments in BOXES]
    + [discrete_case(*arguments) for arguments in DISCRETES]
    + [
        (lambda: spaces.MultiDiscrete([2, 5, 1, 300], start=[0, -3, 4, 1]), [NONE, mask(MULTI), probability((p(0.5, 0.5), p(0, 0, 1, 0, 0), p(1.0), many(300, 1)))]),
        (lambda: spaces.MultiDiscrete(np.array([[2, 3], [4, 1]]), start=np.array([[0, 1], [-2, 7]])), [NONE, mask(GRID), probability(GRID_P)]),
        (lambda: spaces.MultiDiscrete([100, 7], dtype=np.int8, start=[-50, 0]), [NONE]),
        (lambda: spaces.MultiDiscrete([200, 3], dtype=np.uint8), [NONE]),
        (lambda: spaces.MultiDiscrete([30000], dtype=np.int16), [NONE]),
        (lambda: spaces.MultiBinary(5), [NONE, mask(flags(0, 1, 2, 2, 2)), probability(p(0.0, 1.0, 0.5, 0.1, 0.9))]),
        (lambda: spaces.MultiBinary([3, 2]), [NONE, mask(flags(2, 1, 2, 2, 0, 2).reshape(3, 2)), probability(p(0.5, 0.2, 0.9, 1, 0, 0.3).reshape(3, 2))]),
        (lambda: spaces.MultiBinary([4]), [NONE]),
        (lambda: spaces.Text(8), [NONE, mask((3, None)), mask((None, (np.arange(62) % 7 == 0).astype(np.int8)))]),
        (lambda: spaces.Text(6, min_length=0, charset="zbca\u00e9\U0001d11e"), [NONE, mask((None, flags(0, 1, 0, 1, 1, 1))), mask((4, flags(0, 0, 0, 0, 0, 0))), probability((5, p(0.1, 0.2, 0.3, 0.4, 0, 0))), probability((None, None))]),
        (lambda: spaces.Text(3, min_length=3, charset={"x", "a", "Z"}), [NONE, probability((None, p(0, 0.75, 0.25)))]),
        (lambda: spaces.Tuple((spaces.Discrete(5), spaces.Box(-1, 1, (2,)))), [NONE, mask((flags(0, 0, 1, 1, 0), None)), probability((p(0.2, 0.2, 0.2, 0.2, 0.2), None))]),
        (lambda: spaces.Tuple((spaces.Tuple((spaces.Discrete(3), spaces.Text(3))), spaces.MultiBinary(2))), [NONE, mask(((None, (1, None)), flags(2, 1)))]),
        (lambda: spaces.Tuple((spaces.Box(0, 9, (2,), np.uint8), spaces.Box(-9, 9, (1,), np.int8), spaces.Discrete(2, dtype=np.int16))), [NONE]),
        (lambda: spaces.Dict({"velocity": spaces.Box(-INF, INF, (2,), np.float64), "gear": spaces.Discrete(6)}), [NONE, mask({"gear": flags(0, 1, 1, 0, 0, 0), "velocity": None})]),
        (lambda: spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Discrete(3)}, sort_keys=False), [NONE, probability({"a": p(0, 0.5, 0.5), "b": None})]),
        (lambda: spaces.Dict(collections.OrderedDict([("z", spaces.Discrete(2)), ("it's", spaces.Box(0, 1, (1,)))])), [NONE]),
        (nested, [NONE, mask(NESTED_MASK)]),
        (lambda: spaces.OneOf((spaces.Discrete(3), spaces.Box(-1, 1, (2,)), spaces.Text(4))), [NONE, mask((flags(0, 1, 0), None, (2, None)))]),
        (lambda: spaces.OneOf((spaces.MultiDiscrete([2, 2]), spaces.MultiBinary(3))), [NONE, probability(((p(0.5, 0.5), p(1, 0)), p(0.1, 0.9, 0.5)))]),
        (lambda: spaces.OneOf((spaces.Box(0, 1, (2,), bool), spaces.Box(0, 1, (1,), bool), spaces.Box(0, 1, (3,), bool))), [NONE]),
        (lambda: spaces.Sequence(spaces.Box(0, 1)), [NONE, mask((3, None)), mask((np.array([1, 5, 0]), None))]),
        (lambda: spaces.Sequence(spaces.Discrete(4), stack=True), [NONE, mask((None, flags(0, 1, 1, 0))), probability((4, p(0.25, 0.25, 0.25, 0.25)))]),
        (lambda: spaces.Sequence(spaces.Dict({"a": spaces.Box(-1, 1, (2,)), "b": spaces.Discrete(3)}), stack=True), [NONE]),
        (lambda: spaces.Sequence(spaces.Text(3)), [NONE, mask((2, (1, None)))]),
        (lambda: spaces.Sequence(spaces.Sequence(spaces.MultiBinary(2), stack=True)), [NONE]),
        (lambda: spaces.Graph(spaces.Box(-1, 1, (2,)), spaces.Discrete(3)), [NONE, {"num_nodes": 4, "num_edges": 6}, {"num_nodes": 1}, {"num_nodes": 3, "mask": (None, flags(0, 1, 1))}, {"num_nodes": 2, "num_edges": 1, "mask": (None, (flags(0, 1, 0),))}]),
        (lambda: spaces.Graph(spaces.Discrete(5, start=2), None), [NONE, {"num_nodes": 2, "mask": ((flags(0, 1, 0, 0, 0), flags(0, 0, 0, 1, 1)), None)}]),
        (lambda: spaces.Graph(spaces.Dict({"x": spaces.Box(0, 1, (1,)), "k": spaces.Discrete(2)}), spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1, (1,))))), [{"num_nodes": 3}]),
        (lambda: spaces.Tuple((spaces.Graph(spaces.Box(0, 1, (1,)), None), spaces.Discrete(2))), [NONE]),
        (lambda: spaces.Dict({"s": spaces.Sequence(spaces.Discrete(2)), "n": spaces.Discrete(3)}), [NONE]),
    ]
)

# Spaces with seeds for their parts.
NESTED_SEEDS = [
    (lambda: spaces.Tuple((spaces.Discrete(5), spaces.Box(-1, 1, (2,)))), [3, 4]),
    (nested, {"inner": {"a": 4, "b": 5}, "mode": 3, "sensors": [1, 2]}),
    (nested, {"inner": 9, "mode": 3, "sensors": 1}),
    (lambda: spaces.OneOf((spaces.Discrete(3), spaces.Box(-1, 1, (2,)))), [7, 1, 2]),
    (lambda: spaces.Sequence(spaces.Box(0, 1)), [5, 6]),
    (lambda: spaces.Graph(spaces.Box(-1, 1, (2,)), spaces.Discrete(3)), [1, 2, 3]),
    (lambda: spaces.Graph(spaces.Box(-1, 1, (2,)), None), [1, 2]),
]

# Spaces of environments that differ in their bounds.
DIFFERING = [
    lambda: [spaces.Box(-i, i, (2,)) for i in range(1, 4)],
    lambda: [spaces.Discrete(3), spaces.Discrete(5, start=2), spaces.Discrete(4, dtype=np.int8)],
    lambda: [spaces.MultiDiscrete([2, 3]), spaces.MultiDiscrete([4, 1], start=[1, 7])],
    lambda: [spaces.MultiBinary([2, 2]) for _ in range(2)],
    lambda: [spaces.Tuple((spaces.Discrete(i), spaces.Box(0, i, (1,)))) for i in (2, 3)],
    lambda: [spaces.Dict({"b": spaces.Discrete(i), "a": spaces.MultiBinary(2)}) for i in (2, 3)],
    lambda: [spaces.Text(3), spaces.Text(5)],
]

# Bounds that NumPy prints in different ways.
PRINTED = (
    [box(low, INF if dtype.startswith("float") else low, None, dtype) for low, dtype in [
        ([-1.0, 2.0], "float32"), ([0.1, 0.25, 3.0], "float32"), ([0.1, 1e-5], "float32"), ([1e8, 1.0], "float64"), ([123456.789, 0.5], "float64"),
        ([1 / 3, 2 / 3], "float64"), ([1 / 3, 2 / 3], "float32"), ([1e-3, 1.5], "float64"), ([-INF, 0.0], "float32"), ([-INF, -1.5, 100.25], "float64"), ([1e300, 1e-300], "float64"),
        ([1e5, 12.5, -3.0], "float32"), ([1, -20, 300], "int64"), ([0, 1], "bool"), (1e16, "float64"), (1e-5, "float32"), (0.1, "float32"), (3, "uint8"), (1, "bool"), (123456789.0, "float32"), (999999.0, "float32"), (12345678.0, "float64"),
        ([[1.0, 2.5], [3.25, -4.0]], "float32"), ([[[1, 2], [3, 4]], [[5, 6], [7, 80]]], "int16"), ([float(i) + 0.5 for i in range(30)], "float32"), ([i * 1000 for i in range(40)], "int64"),
        ([[0.5 * i * j for i in range(20)] for j in range(3)], "float32"), ([float(i) for i in range(1200)], "float32"), ([[float(i * j) for i in range(40)] for j in range(40)], "float64"), ([[[float(i + j + k) for i in range(9)] for j in range(12)] for k in range(11)], "float64"),
        ([1e10, 2.123456789123], "float64"), ([0.00012345678912, 0.5], "float64"), ([99999999.0, 100000.5], "float64"), ([5e-324, 1.0], "float64"), ([1.17549435e-38, 3.4028234e38], "float32"),
    ]]
    + [box(-INF, INF, (5,), "int64"), lambda: spaces.MultiDiscrete([2, 10, 3]), lambda: spaces.MultiDiscrete(np.arange(1, 41)), lambda: spaces.MultiDiscrete([[1, 2], [30, 4]], start=[[-1, 0], [0, 5]]),
       lambda: spaces.Discrete(3, start=1, dtype=np.uint8), lambda: spaces.Dict({}), lambda: spaces.Tuple(()), lambda: spaces.Dict({"a\"b'": spaces.Discrete(2), "c\\d\n": spaces.Discrete(2)}),
       lambda: spaces.Sequence(spaces.Discrete(2), stack=True), lambda: spaces.Graph(spaces.Discrete(2), None), lambda: spaces.Box(0, 1, (2, 0))]
)
