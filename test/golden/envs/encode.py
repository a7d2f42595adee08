"""How numbers and generators are written into the golden files."""

import base64

import numpy as np


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


INF = float("inf")


def as_json(value):
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return "inf" if value == INF else "-inf" if value == -INF else value
