"""What every kind of space samples, by seed, masks and probabilities; its flattened form, batches, zeros, and how it is printed."""

import json
import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_differing_spaces, batch_space, concatenate, create_empty_array
from gymnasium.wrappers.utils import create_zero_array

from encode import INF, as_json, b64
from space_cases import CASES, DIFFERING, NESTED_SEEDS, PRINTED

KEPT = {"float32": "f4", "float64": "f8", "uint32": "f8", "int8": "i1", "uint8": "u1", "bool": "u1"}


def described(space):
    """A space as our toJSON writes it."""
    name = type(space).__name__
    if name == "Box":
        shape = list(space.shape)
        low = np.where(space.bounded_below, space.low, -INF).ravel().tolist()
        high = np.where(space.bounded_above, space.high, INF).ravel().tolist()
        whole = (lambda v: v) if space.dtype.kind == "f" else (lambda v: v if abs(v) == INF else int(v))
        short = lambda values: values[0] if len(values) > 1 and len(set(values)) == 1 else values
        return {"type": name, "low": short(as_json([whole(v) for v in low])), "high": short(as_json([whole(v) for v in high])), "shape": shape, "dtype": str(space.dtype)}
    if name == "Discrete":
        return {"type": name, "n": int(space.n), "start": int(space.start), "dtype": str(space.dtype)}
    if name == "MultiDiscrete":
        return {"type": name, "nvec": space.nvec.ravel().tolist(), "start": space.start.ravel().tolist(), "shape": list(space.shape), "dtype": str(space.dtype)}
    if name == "MultiBinary":
        return {"type": name, "n": space.n if isinstance(space.n, int) else list(space.n)}
    if name == "Text":
        return {"type": name, "maxLength": space.max_length, "minLength": space.min_length, "charset": "".join(space.character_list)}
    if name in ("Tuple", "OneOf"):
        return {"type": name, "spaces": [described(part) for part in space.spaces]}
    if name == "Dict":
        return {"type": name, "spaces": [[key, described(part)] for key, part in space.spaces.items()], "sortKeys": space.sort_keys}
    if name == "Sequence":
        return {"type": name, "space": described(space.feature_space), "stack": space.stack}
    return {"type": name, "nodeSpace": described(space.node_space), "edgeSpace": space.edge_space and described(space.edge_space)}


def element(x):
    """An element in JSON: a string is an array in base64 after its dtype and a colon, text is in a dict."""
    if isinstance(x, str):
        return {"text": x}
    if isinstance(x, spaces.GraphInstance):
        return {"graph": [element(part) for part in x]}
    if isinstance(x, tuple):
        return [element(part) for part in x]
    if isinstance(x, dict):
        return {"dict": {key: element(part) for key, part in x.items()}}
    if isinstance(x, np.ndarray):
        kept = KEPT.get(str(x.dtype), "i4")
        return f"{kept}:{b64(x, kept)}"
    return None if x is None else int(x)


def weights(value):
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    if isinstance(value, tuple):
        return [weights(part) for part in value]
    if isinstance(value, dict):
        return {key: weights(part) for key, part in value.items()}
    return value


def options_of(options):
    names = {"num_nodes": "numNodes", "num_edges": "numEdges"}
    return {names.get(key, key): weights(value) for key, value in options.items()}


def seeds_of(value):
    if isinstance(value, (tuple, list)):
        return [seeds_of(part) for part in value]
    if isinstance(value, dict):
        return {key: seeds_of(part) for key, part in value.items()}
    return str(value)


def drawn(make, runs, seed, count=4):
    space = make()
    used = space.seed(seed)
    samples = [[space.sample(**options) for _ in range(count)] for options in runs]
    return {"seed": seeds_of(seed), "used": seeds_of(used), "samples": [[element(x) for x in run] for run in samples]}


def case(make, runs, seeds):
    return {"space": described(make()), "runs": [options_of(options) for options in runs], "draws": [drawn(make, runs, seed) for seed in seeds]}


def can_be_taken_apart(space):
    """Not a one-hot of 2^31, nor the batch of an open int64, whose bounds overflow in Gymnasium."""
    return getattr(space, "n", 0) != 2**31 - 1 and not (space.dtype == np.int64 and isinstance(space, spaces.Box) and not space.bounded_below.all())


def jsonable(space, samples):
    """None where Gymnasium itself cannot read it back: of a stack of what has no batch, and of a part that is a Tuple, it loses something."""
    try:
        written = json.loads(json.dumps(space.to_jsonable(samples)))
        read = [element(x) for x in space.from_jsonable(written)]
    except (AssertionError, IndexError, KeyError, TypeError, ValueError):
        return None
    return written if read == [element(x) for x in samples] else None


def structure(make):
    """All about a space that needs no draw but those of its batch."""
    space = make()
    space.seed(5)
    content = {"space": described(space), "text": repr(space), "zeros": element(create_zero_array(space)), "empty": element(create_empty_array(space, 2))}
    sample = space.sample()
    content["sample"] = element(sample)
    content["flatSpace"] = repr(spaces.flatten_space(space))
    content["flat"] = element(spaces.flatten(space, sample))
    content["flatdim"] = spaces.flatdim(space) if space.is_np_flattenable else None
    batch = batch_space(space, 3)
    content["batch"] = repr(batch)
    content["batched"] = [element(batch.sample()) for _ in range(2)]
    content["concatenated"] = element(concatenate(space, [sample, sample], create_empty_array(space, 2)))
    second = space.sample()
    content["second"] = element(second)
    content["jsonable"] = jsonable(space, [sample, second])
    return content


def differing(make):
    members = make()
    for i, space in enumerate(members):
        space.seed(i)
    batch = batch_differing_spaces(members)
    return {"spaces": [described(space) for space in members], "batch": repr(batch), "samples": [element(batch.sample()) for _ in range(2)]}


def files(seeds, live):
    cases = [case(make, runs, seeds[1:6]) for make, runs in CASES] + [case(make, [{}], [seed]) for make, seed in NESTED_SEEDS]
    return {
        "spaces": {
            "cases": cases,
            "structures": [structure(make) for make, _ in CASES if can_be_taken_apart(make())],
            "differing": [differing(make) for make in DIFFERING],
            "printed": [{"space": described(make()), "text": repr(make())} for make in PRINTED],
        }
    }
