"""What travels between Python and Node: frames of JSON and bytes, elements of spaces, and spaces themselves. Mirror of envs/python/wire.ts.

A frame is two unsigned 32-bit integers (little-endian; the lengths of what follows), JSON in UTF-8, and bytes. In the JSON an array is
{"$a": [kind, offset, count]} with kind f4, f8, i1, u1, i2, u2, i4 or u4, its numbers lying in the bytes, little-endian and row-major, from
an offset that is a multiple of 8; {"$n": text} is a number that JSON has not (nan, inf, -inf, or an integer beyond 53 bits); {"$o": object}
is an object with a key that begins with "$".
"""

import json
import os
import struct

import numpy as np
from gymnasium import spaces

HEADER = struct.Struct("<II")
KINDS = {
    "float16": "f4", "float32": "f4", "float64": "f8", "bool": "u1", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2",
    "int32": "i4", "uint32": "u4", "int64": "i4", "uint64": "u4",
}
SAFE = 2**53 - 1
BUFFER_BYTES = 65536


# ---- frames ------------------------------------------------------------------------------------------------------------------


def read_frame(fd):
    """The value of the next frame; EOFError where the other side is gone. Nothing comes after a frame until it is answered."""
    data, wanted, text_length = bytearray(), HEADER.size, None
    while len(data) < wanted:
        part = os.read(fd, max(wanted - len(data), BUFFER_BYTES))
        if not part:
            raise EOFError("the pipe has ended")
        data += part
        if text_length is None and len(data) >= HEADER.size:
            text_length, data_length = HEADER.unpack_from(data)
            wanted += text_length + data_length
    text_end = HEADER.size + text_length
    return decode(json.loads(data[HEADER.size : text_end]), memoryview(data)[text_end:])


def write_frame(fd, value):
    chunks = []
    text = json.dumps(encode(value, chunks), separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    body = b"".join(chunks)
    data = memoryview(HEADER.pack(len(text), len(body)) + text + body)
    while data:
        data = data[os.write(fd, data) :]


# ---- values ------------------------------------------------------------------------------------------------------------------


def array_chunk(array, chunks):
    """Appends the numbers of an array and gives its place. 64-bit integers travel as 32-bit ones, or as doubles where they do not fit."""
    kind = KINDS.get(array.dtype.name)
    if kind is None:
        return None
    if array.dtype.name in ("int64", "uint64") and array.size:
        bounds = np.iinfo("i4" if kind == "i4" else "u4")
        if array.min() < bounds.min or array.max() > bounds.max:
            kind = "f8"
    data = np.ascontiguousarray(array, dtype="<" + kind).tobytes()
    offset = sum(map(len, chunks))
    chunks.append(data + b"\0" * (-len(data) % 8))
    return {"$a": [kind, offset, array.size]}


def encode(value, chunks):
    """JSON for any value; what has no counterpart is its repr."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if -SAFE <= value <= SAFE else {"$n": str(value)}
    if isinstance(value, float):
        return value if value - value == 0 else {"$n": "nan" if value != value else "inf" if value > 0 else "-inf"}
    if isinstance(value, np.generic):
        return encode(value.item(), chunks) if not isinstance(value.item(), np.generic) else repr(value)
    if isinstance(value, np.ndarray):
        return array_chunk(value, chunks) or encode(value.tolist(), chunks)
    if isinstance(value, (bytes, bytearray)):
        return array_chunk(np.frombuffer(value, np.uint8), chunks)
    if isinstance(value, spaces.GraphInstance):
        return {"nodes": encode(value.nodes, chunks), "edges": encode(value.edges, chunks), "edgeLinks": encode(value.edge_links, chunks)}
    if isinstance(value, dict):
        fields = {str(key): encode(item, chunks) for key, item in value.items()}
        return {"$o": fields} if any(key.startswith("$") for key in fields) else fields
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(item, chunks) for item in value]
    return repr(value)


def decode(value, data):
    if isinstance(value, list):
        return [decode(item, data) for item in value]
    if not isinstance(value, dict):
        return value
    if "$a" in value:
        kind, offset, count = value["$a"]
        return np.frombuffer(data, "<" + kind, count, offset).copy()
    if "$n" in value:
        return float(value["$n"]) if value["$n"] in ("nan", "inf", "-inf") else int(value["$n"])
    fields = value.get("$o", value)
    return {key: decode(item, data) for key, item in fields.items()}


# ---- spaces ------------------------------------------------------------------------------------------------------------------


def dtype_name(space):
    name = np.dtype(space.dtype).name
    if name not in KINDS:
        raise TypeError(f"{space} has the dtype {name}, which has no counterpart in JavaScript")
    return "float32" if name == "float16" else name


def bounds_json(values, bounded, dtype, open_end):
    """A list, or one number where all are equal. 64-bit bounds are cut to the 32 bits in which their numbers are stored."""
    stored = np.iinfo({"int64": "i4", "uint64": "u4"}[dtype]) if dtype in ("int64", "uint64") else None

    def one(value, is_bounded):
        # Unsigned numbers are never unbounded.
        if not is_bounded and not dtype.startswith("u") and dtype != "bool":
            return open_end
        value = value.item()
        return float(value) if dtype.startswith("float") else int(value) if stored is None else min(max(value, stored.min), stored.max)

    listed = [one(value, is_bounded) for value, is_bounded in zip(values.ravel(), bounded.ravel())]
    return listed[0] if len(listed) > 1 and all(item == listed[0] for item in listed) else listed


def integers(values):
    return [int(value) for value in np.asarray(values).ravel()]


def space_to_json(space):
    """What `space.toJSON()` gives for the same space in Node."""
    if isinstance(space, spaces.Box):
        dtype = dtype_name(space)
        return {
            "type": "Box", "low": bounds_json(space.low, space.bounded_below, dtype, "-inf"),
            "high": bounds_json(space.high, space.bounded_above, dtype, "inf"), "shape": list(space.shape), "dtype": dtype,
        }
    if isinstance(space, spaces.Discrete):
        return {"type": "Discrete", "n": int(space.n), "start": int(space.start), "dtype": dtype_name(space)}
    if isinstance(space, spaces.MultiDiscrete):
        return {"type": "MultiDiscrete", "nvec": integers(space.nvec), "start": integers(space.start), "shape": list(space.shape), "dtype": dtype_name(space)}
    if isinstance(space, spaces.MultiBinary):
        return {"type": "MultiBinary", "n": int(space.n) if isinstance(space.n, (int, np.integer)) else integers(space.n)}
    if isinstance(space, spaces.Text):
        return {"type": "Text", "maxLength": int(space.max_length), "minLength": int(space.min_length), "charset": "".join(space.character_list)}
    if isinstance(space, (spaces.Tuple, spaces.OneOf)):
        return {"type": type(space).__name__, "spaces": [space_to_json(part) for part in space.spaces]}
    if isinstance(space, spaces.Dict):
        return {"type": "Dict", "spaces": [[str(key), space_to_json(part)] for key, part in space.spaces.items()], "sortKeys": False}
    if isinstance(space, spaces.Sequence):
        return {"type": "Sequence", "space": space_to_json(space.feature_space), "stack": bool(space.stack)}
    if isinstance(space, spaces.Graph):
        edges = None if space.edge_space is None else space_to_json(space.edge_space)
        return {"type": "Graph", "nodeSpace": space_to_json(space.node_space), "edgeSpace": edges}
    raise TypeError(f"{space} is of the kind {type(space).__name__}, which has no counterpart in JavaScript")


def numbers(value, shape):
    values = np.array([float(item) for item in value] if isinstance(value, list) else float(value))
    return np.broadcast_to(values.reshape(shape) if values.ndim else values, shape)


def space_from_json(fields):
    """The space whose `toJSON()` gave this."""
    kind = fields["type"]
    if kind == "Box":
        shape, dtype = tuple(fields["shape"]), np.dtype(fields["dtype"]).type
        low, high = (numbers(fields[name], shape) for name in ("low", "high"))
        if issubclass(dtype, np.floating):
            low, high = low.astype(dtype), high.astype(dtype)
        return spaces.Box(low, high, shape=shape, dtype=dtype)
    if kind == "Discrete":
        return spaces.Discrete(fields["n"], start=fields["start"], dtype=np.dtype(fields["dtype"]).type)
    if kind == "MultiDiscrete":
        nvec, start = (np.array(fields[name]).reshape(fields["shape"]) for name in ("nvec", "start"))
        return spaces.MultiDiscrete(nvec, start=start, dtype=np.dtype(fields["dtype"]).type)
    if kind == "MultiBinary":
        return spaces.MultiBinary(fields["n"])
    if kind == "Text":
        return spaces.Text(fields["maxLength"], min_length=fields["minLength"], charset=fields["charset"])
    if kind == "Tuple":
        return spaces.Tuple([space_from_json(part) for part in fields["spaces"]])
    if kind == "OneOf":
        return spaces.OneOf([space_from_json(part) for part in fields["spaces"]])
    if kind == "Dict":
        return spaces.Dict({key: space_from_json(part) for key, part in fields["spaces"]})
    if kind == "Sequence":
        return spaces.Sequence(space_from_json(fields["space"]), stack=fields["stack"])
    if kind == "Graph":
        return spaces.Graph(space_from_json(fields["nodeSpace"]), None if fields["edgeSpace"] is None else space_from_json(fields["edgeSpace"]))
    raise TypeError(f"a space of the kind {kind} has no counterpart in Gymnasium")


# ---- elements ----------------------------------------------------------------------------------------------------------------


def to_json_element(space, value):
    """An element as Node has it: arrays of the space's dtype, lists for tuples."""
    if isinstance(space, (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary)):
        array = np.asarray(value, dtype=space.dtype)
        if array.dtype.name in ("int64", "uint64") and array.size:
            bounds = np.iinfo("i4" if array.dtype.name == "int64" else "u4")
            if array.min() < bounds.min or array.max() > bounds.max:
                raise OverflowError(f"an element of {space} holds {array.max()}, and integers beyond 32 bits cannot be passed on")
        return array
    if isinstance(space, spaces.Discrete):
        return int(value)
    if isinstance(space, spaces.Tuple):
        return [to_json_element(part, item) for part, item in zip(space.spaces, value)]
    if isinstance(space, spaces.OneOf):
        return [int(value[0]), to_json_element(space.spaces[int(value[0])], value[1])]
    if isinstance(space, spaces.Dict):
        return {key: to_json_element(part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Sequence):
        return to_json_element(space.stacked_feature_space, value) if space.stack else [to_json_element(space.feature_space, item) for item in value]
    return value


def to_element(space, value):
    """An element as Gymnasium has it, of what Node sent."""
    if isinstance(space, (spaces.Box, spaces.MultiDiscrete, spaces.MultiBinary)):
        array = np.asarray(value, dtype=space.dtype)
        return array.reshape(space.shape) if array.size == np.prod(space.shape, dtype=int) else array
    if isinstance(space, spaces.Discrete):
        return space.dtype.type(value)
    if isinstance(space, spaces.Tuple):
        return tuple(to_element(part, item) for part, item in zip(space.spaces, value))
    if isinstance(space, spaces.OneOf):
        return (np.int64(value[0]), to_element(space.spaces[int(value[0])], value[1]))
    if isinstance(space, spaces.Dict):
        return {key: to_element(part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Sequence):
        if not space.stack:
            return tuple(to_element(space.feature_space, item) for item in value)
        return rows(space.feature_space, value)
    if isinstance(space, spaces.Graph):
        edges = None if space.edge_space is None or value["edges"] is None else rows(space.edge_space, value["edges"])
        links = None if value["edgeLinks"] is None else np.asarray(value["edgeLinks"], np.int32).reshape(-1, 2)
        return spaces.GraphInstance(rows(space.node_space, value["nodes"]), edges, links)
    return value


def rows(space, value):
    """Elements of `space` side by side, as many as there are."""
    if isinstance(space, spaces.Tuple):
        return tuple(rows(part, item) for part, item in zip(space.spaces, value))
    if isinstance(space, spaces.Dict):
        return {key: rows(part, value[key]) for key, part in space.spaces.items()}
    return np.asarray(value, dtype=space.dtype).reshape(-1, *space.shape)
