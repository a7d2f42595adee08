"""Actors: order, concurrency, restarts, names, lives and deaths."""
import asyncio
import gc
import os
import time

import ray

from behaviour import Signal, after, behaviour, lines_of, note, outcome, outcome_of, scratch, until, wait_for


@ray.remote
class Counter:
    def __init__(self, start=0):
        self.n = start
        self.seen = []

    def add(self, k=1):
        self.n += k
        return self.n

    def record(self, value):
        self.seen.append(value)

    def recorded(self):
        return self.seen

    def boom(self):
        raise ValueError("boom")

    def die(self, path=None, times=1_000_000):
        if path is None or note(path) <= times:
            os._exit(1)
        return "survived"

    def leave(self):
        ray.actor.exit_actor()

    def context(self):
        context = ray.get_runtime_context()
        return [context.get_actor_id(), context.get_task_id()]


@behaviour("calls of one caller run in the order in which they were made")
def call_order():
    counter = Counter.remote()
    refs = [counter.add.remote() for _ in range(100)]
    return ray.get(refs) == list(range(1, 101))


@behaviour("a call whose argument is still to come holds up those behind it")
def order_with_refs():
    counter, signal = Counter.remote(), Signal.remote()
    counter.record.remote(after.remote(signal, "first"))
    second = counter.record.remote("second")
    early = ray.wait([second], timeout=0.7)[0] != []
    ray.get(signal.open.remote())
    return [early, ray.get(counter.recorded.remote())]


@behaviour("a method that throws fails its call, and the actor lives on with its state")
def method_throws():
    counter = Counter.remote(5)
    return [outcome_of(counter.boom.remote()), outcome_of(counter.add.remote())]


@behaviour("an actor whose constructor throws is dead, and its calls say why")
def constructor_throws():
    @ray.remote
    class Broken:
        def __init__(self):
            raise ValueError("not made")

        def hello(self):
            return 1

    broken = Broken.remote()
    ref = broken.hello.remote()
    answer = outcome_of(ref)
    try:
        ray.get(ref)
    except Exception as error:
        return [answer, "not made" in str(error)]


@behaviour("an actor that died is not started again unless it is told")
def no_restart():
    counter = Counter.remote()
    return [outcome_of(counter.die.remote()), outcome_of(counter.add.remote())]


@behaviour("max_restarts starts an actor again so many times, with fresh state; the call under way fails")
def restarts():
    counter = Counter.options(max_restarts=1).remote(10)
    ray.get(counter.add.remote())
    first = outcome_of(counter.die.remote())
    fresh = until(lambda: outcome_of(counter.add.remote()) == 11)
    second = outcome_of(counter.die.remote())
    return [first, fresh, second, until(lambda: outcome_of(counter.add.remote()) == "actor died")]


@behaviour("max_task_retries makes a call again on the restarted actor, so many times")
def task_retries():
    answers = []
    for retries in (1, 3):
        path = scratch(f"task_retries-{retries}")
        counter = Counter.options(max_restarts=-1, max_task_retries=retries).remote()
        answers.append([outcome_of(counter.die.remote(path, 2), timeout=60), lines_of(path)])
    return answers


@behaviour("max_task_retries of -1 makes a call again until it ends")
def task_retries_always():
    path = scratch("task_retries_always")
    counter = Counter.options(max_restarts=-1, max_task_retries=-1).remote()
    return [outcome_of(counter.die.remote(path, 3), timeout=60), lines_of(path)]


@behaviour("a method that throws is made again only with retry_exceptions, as often as max_task_retries says")
def method_retries():
    @ray.remote(max_task_retries=2)
    class Thrower:
        def throw(self, path):
            note(path)
            raise ValueError("again")

    thrower = Thrower.remote()
    answers = []
    for retry in (False, True):
        path = scratch(f"method_retries-{retry}")
        ref = thrower.throw.options(retry_exceptions=retry).remote(path)
        answers.append([outcome_of(ref), lines_of(path)])
    return answers


@behaviour("kill ends an actor for good, whatever its max_restarts")
def kill():
    counter = Counter.options(max_restarts=5).remote()
    ray.get(counter.add.remote())
    ray.kill(counter)
    # Ray's kill does not wait until it is done.
    return until(lambda: outcome_of(counter.add.remote()) == "actor died")


@behaviour("kill with no_restart false lets it be started again")
def kill_restart():
    counter = Counter.options(max_restarts=1).remote()
    ray.get([counter.add.remote() for _ in range(3)])
    ray.kill(counter, no_restart=False)
    return until(lambda: outcome_of(counter.add.remote()) == 1)


@behaviour("kill of a dead actor changes nothing, and what is no handle is refused")
def kill_twice():
    counter = Counter.remote()
    ray.kill(counter)
    ray.kill(counter)
    return [until(lambda: outcome_of(counter.add.remote()) == "actor died"), outcome(lambda: ray.kill(5))]


@behaviour("exit_actor ends the actor, also one that may be restarted; its call fails")
def exit_actor():
    counter = Counter.options(max_restarts=5).remote()
    answers = [outcome_of(counter.leave.remote())]
    until(lambda: outcome_of(counter.add.remote()) == "actor died", 5)
    return [*answers, outcome_of(counter.add.remote())]


@behaviour("an async actor goes on with other calls while one awaits")
def interleave():
    @ray.remote
    class Meeting:
        def __init__(self):
            self.opened = asyncio.Event()

        async def wait(self):
            await self.opened.wait()
            return "opened"

        async def open(self):
            self.opened.set()

    meeting = Meeting.remote()
    waiting = meeting.wait.remote()
    ray.get(meeting.open.remote(), timeout=20)
    return outcome_of(waiting)


@ray.remote
class Crowd:
    def __init__(self):
        self.inside = 0
        self.most = 0

    async def enter(self):
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.05)
        self.inside -= 1

    async def peak(self):
        return self.most


@behaviour("max_concurrency limits how many calls of an async actor are open; by default there may be many")
def max_concurrency():
    answers = []
    for options in ({"max_concurrency": 1}, {"max_concurrency": 3}, {}):
        crowd = Crowd.options(**options).remote()
        ray.get([crowd.enter.remote() for _ in range(20)])
        # How many of the twenty come in before the first leaves is a matter of the machine: more than three is many.
        answers.append(min(ray.get(crowd.peak.remote()), 4))
    return answers


@behaviour("sync methods of an actor with max_concurrency above 1 overlap")
def threaded():
    @ray.remote(max_concurrency=2)
    class Threaded:
        def __init__(self):
            self.inside = 0
            self.most = 0

        def enter(self):
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.3)
            self.inside -= 1

        def peak(self):
            return self.most

    threaded = Threaded.remote()
    ray.get([threaded.enter.remote() for _ in range(4)])
    return ray.get(threaded.peak.remote())


@behaviour("a full concurrency group does not hold up the others")
def groups():
    @ray.remote(concurrency_groups={"io": 1})
    class Grouped:
        def __init__(self):
            self.opened = False
            self.entered = False

        @ray.method(concurrency_group="io")
        async def wait(self):
            self.entered = True
            # Not an asyncio.Event: each group has an event loop of its own.
            while not self.opened:
                await asyncio.sleep(0.02)
            return "opened"

        @ray.method(concurrency_group="io")
        async def quick(self):
            return "quick"

        async def has_entered(self):
            return self.entered

        async def open(self):
            self.opened = True

    grouped = Grouped.remote()
    waiting = grouped.wait.remote()
    until(lambda: ray.get(grouped.has_entered.remote()))
    behind = grouped.quick.remote()
    held_up = ray.wait([behind], timeout=0.7)[0] == []
    ray.get(grouped.open.remote(), timeout=20)
    return [held_up, outcome_of(waiting), outcome_of(behind)]


@behaviour("a named actor is found by its name, which is free again after its death")
def named():
    counter = Counter.options(name="ada").remote(3)
    answers = [outcome_of(ray.get_actor("ada").add.remote())]
    answers.append(outcome(lambda: bool(Counter.options(name="ada").remote())))
    ray.kill(counter)
    answers.append(until(lambda: outcome(lambda: bool(ray.get_actor("ada"))) == "refused"))
    again = Counter.options(name="ada").remote(7)
    return [*answers, outcome_of(again.add.remote())]


@behaviour("get_actor refuses names that nobody has, and what is no name")
def unnamed():
    return [outcome(lambda: ray.get_actor("nobody")), outcome(lambda: ray.get_actor("")), outcome(lambda: ray.get_actor(5))]


@behaviour("names are of a namespace")
def namespaces():
    away = Counter.options(name="nomad", namespace="away", lifetime="detached").remote(1)
    ray.get(away.add.remote())
    answers = [
        outcome(lambda: bool(ray.get_actor("nomad"))),
        outcome_of(ray.get_actor("nomad", namespace="away").add.remote()),
    ]
    ray.kill(away)
    return answers


@behaviour("get_if_exists gives the living actor of that name, or makes it")
def get_if_exists():
    first = Counter.options(name="one", get_if_exists=True).remote()
    ray.get(first.add.remote())
    second = Counter.options(name="one", get_if_exists=True).remote()
    return [ray.get(second.add.remote()), outcome(lambda: bool(Counter.options(get_if_exists=True).remote()))]


@behaviour("an actor ends with its last handle, also one with a name; a detached one stays")
def out_of_scope():
    anonymous = Counter.remote()
    identity = ray.get(anonymous.context.remote())[0]
    named = Counter.options(name="brief").remote()
    detached = Counter.options(name="lasting", lifetime="detached").remote()
    ray.get([named.add.remote(), detached.add.remote()])
    del anonymous, named, detached
    gc.collect()

    def dead():
        from ray.util.state import get_actor

        row = get_actor(identity)
        return row is not None and row.state == "DEAD"

    answers = [
        until(dead),
        until(lambda: outcome(lambda: bool(ray.get_actor("brief"))) == "refused"),
        outcome_of(ray.get_actor("lasting").add.remote()),
    ]
    ray.kill(ray.get_actor("lasting"))
    return answers


@behaviour("a handle can be passed to tasks, and keeps the actor alive there")
def passed_handle():
    @ray.remote
    def use(counter):
        return ray.get([counter.add.remote() for _ in range(3)])

    return [outcome_of(use.remote(Counter.remote(10))), outcome_of(use.remote(Counter.remote()))]


@behaviour("a method with num_returns gives so many refs, and a generator method a stream")
def method_returns():
    @ray.remote
    class Many:
        def pair(self):
            return 1, 2

        def count(self, n):
            for i in range(n):
                yield i

    many = Many.remote()
    pair = ray.get(many.pair.options(num_returns=2).remote())
    return [pair, [ray.get(ref) for ref in many.count.options(num_returns="streaming").remote(3)]]


@behaviour("cancel takes a call out that waits in an actor's queue, and refuses force")
def cancel_call():
    @ray.remote
    class Slow:
        def __init__(self):
            self.ran = []

        def wait(self, signal):
            wait_for(signal)

        def run(self, name):
            self.ran.append(name)

    slow, signal = Slow.remote(), Signal.remote()
    slow.wait.remote(signal)
    queued, forced = slow.run.remote("queued"), slow.run.remote("forced")
    time.sleep(0.5)
    ray.cancel(queued)
    refused = outcome(lambda: ray.cancel(forced, force=True))
    ray.get(signal.open.remote())
    return [outcome_of(queued), refused]


@behaviour("cancel stops an async method that awaits")
def cancel_async():
    @ray.remote
    class Sleeper:
        async def sleep(self):
            await asyncio.sleep(60)

        async def hello(self):
            return "awake"

    sleeper = Sleeper.remote()
    ref = sleeper.sleep.remote()
    ray.get(sleeper.hello.remote())
    ray.cancel(ref)
    return [outcome_of(ref), outcome_of(sleeper.hello.remote())]


@behaviour("actors take no CPU while they run, unless they ask for some")
def actor_cpus():
    until(lambda: ray.available_resources().get("CPU", 0) == 2)
    idle = [Counter.remote() for _ in range(3)]
    ray.get([one.add.remote() for one in idle])
    free = until(lambda: ray.available_resources().get("CPU", 0) == 2)
    greedy = Counter.options(num_cpus=1).remote()
    ray.get(greedy.add.remote())
    taken = until(lambda: ray.available_resources().get("CPU", 0) == 1)
    ray.kill(greedy)
    return [free, taken, until(lambda: ray.available_resources().get("CPU", 0) == 2)]


@behaviour("bad options of an actor are refused")
def bad_options():
    return [
        outcome(lambda: bool(Counter.options(**{name: value}).remote()))
        for name, value in [
            ("max_restart", 1),
            ("max_restarts", -2),
            ("max_task_retries", -2),
            ("max_concurrency", 0),
            ("max_concurrency", "many"),
            ("lifetime", "forever"),
            ("name", ""),
            ("name", 5),
            ("namespace", ""),
            ("num_cpus", -1),
            ("get_if_exists", True),
        ]
    ]
