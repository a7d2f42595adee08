"""The Node process that runs the environments, one for each Python process (a forked one starts its own)."""

import atexit
import os
import pathlib
import shutil
import subprocess

from . import wire

PROGRAM = "dist/envs/python/node-server.js"


class GymnuraError(Exception):
    """What Node said. `code` is one of Gymnura's, such as ENVS_INVALID_ACTION, or None."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


def program():
    """The server's file: of the package $GYMNURA_HOME, of the one that this file came with, or of node_modules here or above."""
    here = pathlib.Path(__file__).resolve().parent
    homes = [pathlib.Path(os.environ["GYMNURA_HOME"])] if "GYMNURA_HOME" in os.environ else []
    homes += [here.parents[1], here.parents[2]]
    homes += [folder / "node_modules" / "gymnura" for folder in (pathlib.Path.cwd(), *pathlib.Path.cwd().parents)]
    for home in homes:
        if (home / PROGRAM).is_file():
            return home / PROGRAM
    raise GymnuraError("the npm package gymnura was not found: run `npm install gymnura` here, or set GYMNURA_HOME to its folder")


class Node:
    def __init__(self):
        executable = os.environ.get("GYMNURA_NODE") or shutil.which("node")
        if executable is None:
            raise GymnuraError("gymnura's environments run in Node, and there is no program node on the PATH; install Node 20.19 or newer")
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()
        try:
            command = [executable, str(program()), str(requests), str(answers)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(requests, answers), start_new_session=True)
        finally:
            os.close(requests)
            os.close(answers)

    def call(self, operation, **request):
        try:
            wire.write_frame(self.requests, {"op": operation, **request})
            answer = wire.read_frame(self.answers)
        except (EOFError, BrokenPipeError) as error:
            raise GymnuraError(f"the Node process has ended, with exit code {self.process.wait()}") from error
        if "error" in answer:
            raise GymnuraError(answer["error"], answer["type"])
        return answer["ok"]

    def close(self):
        """The server ends with its pipe."""
        os.close(self.requests)
        os.close(self.answers)
        self.process.wait()


nodes = {}


def node():
    """The process of this Python process, started at the first call."""
    pid = os.getpid()
    if pid not in nodes:
        nodes[pid] = Node()
        atexit.register(nodes[pid].close)
    return nodes[pid]


def camel_case(name):
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def in_camel_case(kwargs):
    return {camel_case(name): value for name, value in kwargs.items()}


def picture(frame):
    """A frame as Gymnasium has it: [height, width, 3], or text."""
    return frame["data"].reshape(frame["height"], frame["width"], 3) if isinstance(frame, dict) else frame
