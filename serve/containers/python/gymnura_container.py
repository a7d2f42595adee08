"""A Gymnura model container in Python: this one file, the standard library and NumPy.

A model is a class with a method that takes a batch and returns an output for each of its inputs:

    class Model:
        input_type = "floats"      # or doubles, integers, bytes, strings
        input_size = 4             # numbers in one input; None (the default): each has its own length
        # outputs = [{"name": "label", "type": "integers", "shape": []}]   # default: one output, any JSON value

        def __init__(self):
            ...                    # load what it needs; it is served once this has returned

        def predict(self, batch):  # [n, input_size] array; a list of arrays where input_size is None; a list of str or bytes
            return [float(row.sum()) for row in batch]

With several outputs `predict` returns a dict of them by name. Where it raises, the inputs of the batch are tried one by one, and those
it raises on fail alone, with the message.

Gymnura starts this file and sends it the model's source. To serve from another machine (see serve/containers/PROTOCOL.md):

    GYMNURA_CONTAINER_ADDRESS=host:port GYMNURA_CONTAINER_TOKEN=... python gymnura_container.py model.py

or, in a program of your own, `serve(Model(), "host:port", token)`.
"""

import importlib.util
import json
import os
import socket
import struct
import sys
import threading
import types

import numpy as np

MAGIC = 0x434D5947
MAJOR, MINOR = 2, 0
HELLO, WELCOME, READY, BATCH, REPLY, HEARTBEAT, ERROR = range(1, 8)
JSON, ARTIFACT, INPUTS, OUTPUTS, STATUSES, OFFSETS = range(1, 7)
HEADER = struct.Struct("<IBBBBIIII")
SECTION = struct.Struct("<BBHI")
#: Element types: the code on the wire, and NumPy's type of what lies there.
TYPES = {"bytes": (1, "u1"), "integers": (2, "<i4"), "floats": (3, "<f4"), "doubles": (4, "<f8"), "strings": (5, "u1"), "json": (6, "u1")}
TEXTS = ("strings", "json")
ALL_OUTPUTS = 1
#: What a reply has room for beside its frame's other sections.
MOST_OUTPUT_BYTES = (64 << 20) - (1 << 20)
DEFAULT_OUTPUTS = [{"name": "output", "type": "json", "shape": []}]


class ProtocolError(Exception):
    """What came is not the container protocol."""


class Connection:
    """Frames over a socket. Sending is safe from several threads."""

    def __init__(self, sock):
        self._sock = sock
        self._file = sock.makefile("rb", buffering=1 << 16)
        self._lock = threading.Lock()

    def receive(self):
        """The next frame as (type, flags, batch id, items, sections), or None at the end. Sections are by (tag, index)."""
        head = self._file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        magic, _major, _minor, kind, flags, batch, count, length, _ = HEADER.unpack(head)
        if magic != MAGIC:
            raise ProtocolError("the stream does not begin with the magic GYMC")
        body = self._file.read(length)
        if len(body) < length:
            return None
        sections, at = {}, 0
        while at < length:
            tag, element, index, size = SECTION.unpack_from(body, at)
            at += SECTION.size
            sections[tag, index] = (element, memoryview(body)[at : at + size])
            at += (size + 7) // 8 * 8
        return kind, flags, batch, count, sections

    def send(self, kind, sections=(), batch=0, count=0):
        """Sections are (tag, index, element code, bytes)."""
        body = []
        for tag, index, element, data in sections:
            data = bytes(data)
            body += [SECTION.pack(tag, element, index, len(data)), data, b"\0" * (-len(data) % 8)]
        body = b"".join(body)
        with self._lock:
            self._sock.sendall(HEADER.pack(MAGIC, MAJOR, MINOR, kind, 0, batch, count, len(body), 0) + body)

    def send_json(self, kind, value):
        self.send(kind, [(JSON, 0, 1, json.dumps(value).encode())])


class Host:
    """A model, and what it says of itself."""

    def __init__(self, model, settings):
        def said(name, key, default):
            value = settings.get(key)
            return getattr(model, name, default) if value is None else value

        self.model = model
        self.input_type = said("input_type", "inputType", "floats")
        self.input_size = None if self.input_type == "strings" else said("input_size", "inputSize", None)
        self.outputs = [dict(one) for one in said("outputs", "outputs", DEFAULT_OUTPUTS)]

    def ready(self):
        return {"inputType": self.input_type, "inputSize": self.input_size, "outputs": self.outputs, "maxInFlight": 1}

    def read(self, count, sections):
        """A batch as `predict` takes it."""
        code, data = sections[INPUTS, 0]
        if code != TYPES[self.input_type][0]:
            raise ProtocolError("a batch of element type %d; this model takes %s" % (code, self.input_type))
        values = np.frombuffer(data, dtype=TYPES[self.input_type][1])
        if self.input_size is not None:
            return values.reshape(count, self.input_size)
        offsets = np.frombuffer(sections[OFFSETS, 0][1], dtype="<u4")
        rows = [values[offsets[i] : offsets[i + 1]] for i in range(count)]
        if self.input_type == "strings":
            return [row.tobytes().decode(errors="replace") for row in rows]
        return [row.tobytes() for row in rows] if self.input_type == "bytes" else rows

    def predict(self, batch, count, detailed):
        """Columns of the outputs, statuses and messages."""
        wanted = self.outputs if detailed else self.outputs[:1]
        try:
            return self._columns(self.model.predict(batch), count, wanted), None, None
        except Exception as error:  # whatever the model raises
            if count == 1:
                return self._failed(wanted), [1], {"0": message_of(error)}
        parts, statuses, errors = [], [], {}
        for item in range(count):
            columns, status, messages = self.predict(batch[item : item + 1], 1, detailed)
            parts.append(columns)
            statuses.append(status[0] if status else 0)
            if messages:
                errors[str(item)] = messages["0"]
        return [join(one, [columns[i] for columns in parts]) for i, one in enumerate(wanted)], statuses, errors

    def _columns(self, answer, count, wanted):
        several = len(self.outputs) > 1
        if several and not isinstance(answer, dict):
            raise TypeError("predict returned %s; expected a dict with %s" % (type(answer).__name__, [one["name"] for one in self.outputs]))
        return [column(one, answer[one["name"]] if several else answer, count) for one in wanted]

    def _failed(self, wanted):
        def nothing(one):
            varies = one["type"] in TEXTS or list(one["shape"]) == [-1]
            size = 0 if varies else int(np.prod(one["shape"], dtype=np.int64))
            return np.zeros(size, TYPES[one["type"]][1]), ([0, 0] if varies else None)

        return [nothing(one) for one in wanted]


def plain(value):
    """NumPy's values as JSON has them."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError("%s is no JSON value" % type(value).__name__)


def numbers(described, array):
    """Numbers of the type that was declared; what that cannot hold is refused, for another number would be kept in its place."""
    name, kind = described["name"], described["type"]
    dtype = np.dtype(TYPES[kind][1])
    if dtype.kind in "iu" and array.dtype.kind in "iub" and array.size:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        if int(array.min()) < low or int(array.max()) > high:
            raise ValueError('output "%s" holds %s to %s; expected whole numbers from %d to %d' % (name, array.min(), array.max(), low, high))
    elif array.size and not np.can_cast(array.dtype, dtype, "same_kind"):
        raise TypeError('output "%s" is of %s; expected %s' % (name, array.dtype, kind))
    return array.astype(dtype, copy=False)


def column(described, values, count):
    """An output's elements, and where its items begin and end if their lengths differ."""
    name, kind, shape = described["name"], described["type"], list(described["shape"])
    if len(values) != count:
        raise ValueError('output "%s" has %d items for %d inputs' % (name, len(values), count))
    dtype = TYPES[kind][1]
    if kind in TEXTS or shape == [-1]:
        if kind == "strings":
            parts = [np.frombuffer(str(value).encode(), dtype) for value in values]
        elif kind == "json":
            parts = [np.frombuffer(json.dumps(value, default=plain, allow_nan=False).encode(), dtype) for value in values]
        elif kind == "bytes":
            parts = [np.frombuffer(bytes(value), dtype) for value in values]
        else:
            parts = [numbers(described, np.asarray(value)).reshape(-1) for value in values]
        return np.concatenate(parts), [0, *np.cumsum([len(part) for part in parts]).tolist()]
    array = np.asarray(values)
    if array.shape != (count, *shape):
        raise ValueError('output "%s" has shape %s; expected %s' % (name, list(array.shape), [count, *shape]))
    return np.ascontiguousarray(numbers(described, array)).reshape(-1), None


def join(described, columns):
    elements = np.concatenate([elements for elements, _ in columns])
    if columns[0][1] is None:
        return elements, None
    return elements, [0, *np.cumsum([len(part) for part, _ in columns]).tolist()]


def fitting(columns, statuses, errors, count):
    """A reply that is too large would end the container: its items fail instead."""
    size = sum(elements.nbytes for elements, _ in columns)
    if size <= MOST_OUTPUT_BYTES:
        return columns, statuses, errors
    message = "the outputs of a batch of %d are %d bytes; a reply has room for %d" % (count, size, MOST_OUTPUT_BYTES)
    if count > 1:
        message += ": publish it with a smaller batching.maxBatch"
    empty = [(elements, None) if offsets is None else (elements[:0], [0] * (count + 1)) for elements, offsets in columns]
    return empty, [1] * count, {str(item): message for item in range(count)}


def message_of(error):
    return "%s: %s" % (type(error).__name__, error)


def load(source, path=None):
    """The model of a Python file: an instance of its class `Model`."""
    if path:
        # What lies beside the file can be imported, and found by __file__.
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        spec = importlib.util.spec_from_file_location("gymnura_model", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["gymnura_model"] = module
        spec.loader.exec_module(module)
    else:
        module = types.ModuleType("gymnura_model")
        sys.modules["gymnura_model"] = module
        exec(compile(source, "model.py", "exec"), module.__dict__)
    if not hasattr(module, "Model"):
        raise ProtocolError("the file has no class Model with a method predict(batch)")
    return module.Model()


def beat(connection, seconds):
    while True:
        threading.Event().wait(seconds)
        try:
            connection.send(HEARTBEAT)
        except OSError:
            return


def serve(model, address, token):
    """Serves a model (or what makes one of the WELCOME's source) until the connection ends."""
    host, _, port = address.rpartition(":")
    sock = socket.create_connection((host.strip("[]"), int(port)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(sock)
    connection.send_json(HELLO, {"token": token, "maxInFlight": 1, "pid": os.getpid()})
    hosted = None
    while True:
        frame = connection.receive()
        if frame is None:
            return
        kind, flags, batch, count, sections = frame
        if kind == WELCOME:
            told = json.loads(bytes(sections[JSON, 0][1]))
            settings = told.get("settings") or {}
            threading.Thread(target=beat, args=(connection, told["heartbeatMs"] / 1000), daemon=True).start()
            try:
                source = bytes(sections[ARTIFACT, 0][1]) if (ARTIFACT, 0) in sections else b""
                hosted = Host(load(source, settings.get("path")) if model is None else model, settings)
                connection.send_json(READY, hosted.ready())
            except BaseException as error:
                connection.send_json(ERROR, {"message": message_of(error)})
                raise
        elif kind == BATCH:
            inputs = hosted.read(count, sections)
            columns, statuses, errors = fitting(*hosted.predict(inputs, count, flags & ALL_OUTPUTS), count)
            reply = []
            for index, (elements, offsets) in enumerate(columns):
                reply.append((OUTPUTS, index, TYPES[hosted.outputs[index]["type"]][0], elements.tobytes()))
                if offsets is not None:
                    reply.append((OFFSETS, index, 1, np.asarray(offsets, "<u4").tobytes()))
            if statuses is not None:
                reply.append((STATUSES, 0, 1, bytes(statuses)))
                reply.append((JSON, 0, 1, json.dumps(errors).encode()))
            connection.send(REPLY, reply, batch, count)
        elif kind == ERROR:
            raise ProtocolError(json.loads(bytes(sections[JSON, 0][1])).get("message", "turned away"))


def end_with_parent():
    """Gymnura never writes to the standard input of a container that it started; when it closes, Gymnura is gone."""

    def watch():
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main():
    import signal

    address, token = os.environ.get("GYMNURA_CONTAINER_ADDRESS"), os.environ.get("GYMNURA_CONTAINER_TOKEN")
    if not address or not token:
        sys.exit("set GYMNURA_CONTAINER_ADDRESS (host:port) and GYMNURA_CONTAINER_TOKEN")
    # Ctrl-C in a terminal reaches the whole group; the server drains first and then closes the connection.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if len(sys.argv) > 1:
        serve(load(None, sys.argv[1]), address, token)
    else:
        end_with_parent()
        serve(None, address, token)


if __name__ == "__main__":
    main()
