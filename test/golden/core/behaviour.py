"""What the behaviours of Ray share: their registry, and how outcomes are told in words that both sides know."""
import os
import tempfile
import time

import ray
from ray import exceptions
from ray.util.queue import Empty, Full
from ray.util.state.exception import RayStateApiException

BEHAVIOURS = {}
# Workers import this file too, and are told.
SCRATCH = os.environ.setdefault("BEHAVIOURS_SCRATCH", tempfile.gettempdir())


def behaviour(title):
    """Registers a function that shows one behaviour and returns JSON."""

    def register(function):
        assert title not in BEHAVIOURS, title
        BEHAVIOURS[title] = function
        return function

    return register


OWN = [
    (exceptions.TaskCancelledError, "cancelled"),
    (Full, "full"),
    (Empty, "empty"),
]
KINDS = [
    (exceptions.GetTimeoutError, "timeout"),
    (exceptions.ActorUnavailableError, "actor died"),
    (exceptions.RayActorError, "actor died"),
    (exceptions.WorkerCrashedError, "worker crashed"),
    (RayStateApiException, "refused"),
    (TimeoutError, "timeout"),
    ((ValueError, TypeError, AttributeError, RuntimeError, StopIteration, AssertionError, OverflowError), "refused"),
]


def kind_of(error):
    # A RayTaskError is also of the class that the task threw: what stops an async method, or what the actor of a Queue throws.
    user_error = isinstance(error, exceptions.RayTaskError)
    for classes, kind in OWN if user_error else OWN + KINDS:
        if isinstance(error, classes):
            return kind
    if user_error:
        return {"task failed": str(error.cause)}
    return type(error).__name__


def outcome(call):
    """What a call gives, or in a word how it failed."""
    try:
        return call()
    except Exception as error:
        return kind_of(error)


def outcome_of(ref, timeout=30):
    return outcome(lambda: ray.get(ref, timeout=timeout))


def scratch(name):
    """A file that workers write to; one line a run outlives their processes."""
    return os.path.join(SCRATCH, name)


def lines_of(path):
    if not os.path.exists(path):
        return 0
    with open(path) as file:
        return len(file.readlines())


def note(path):
    """Counts a run; returns which one it is, from 1."""
    with open(path, "a") as file:
        file.write("run\n")
    return lines_of(path)


def until(condition, seconds=20):
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@ray.remote(num_cpus=0)
class Signal:
    """Opened once; whoever waits goes on then."""

    def __init__(self):
        self.opened = False
        self.arrived = 0

    def open(self):
        self.opened = True

    def is_open(self):
        return self.opened

    def arrive(self):
        self.arrived += 1
        return self.arrived

    def arrivals(self):
        return self.arrived


def wait_for(signal):
    while not ray.get(signal.is_open.remote()):
        time.sleep(0.02)


@ray.remote(num_cpus=0)
def after(signal, value=None):
    """A task that ends when the signal opens."""
    wait_for(signal)
    return value


@ray.remote(num_cpus=0)
def failing(message="no"):
    raise ValueError(message)


@ray.remote(num_cpus=0)
def identity(value):
    return value
