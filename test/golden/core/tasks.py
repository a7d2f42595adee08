"""Options of tasks: retries, returns, streams, cancel, resources, placement groups."""
import os
import time

import ray
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from behaviour import Signal, after, behaviour, failing, identity, lines_of, note, outcome, outcome_of, scratch, until, wait_for


@ray.remote
def crash(path):
    note(path)
    os._exit(1)


@ray.remote
def throw(path, until_run=1_000_000):
    if note(path) < until_run:
        raise ValueError("thrown")
    return "done"


@behaviour("a task whose worker dies is run again max_retries times, then get throws")
def retries():
    answers = []
    for most in (0, 2):
        path = scratch(f"retries-{most}")
        answers.append([outcome_of(crash.options(max_retries=most).remote(path), timeout=60), lines_of(path)])
    return answers


@behaviour("a task that throws is not run again")
def no_retry():
    path = scratch("no_retry")
    return [outcome_of(throw.remote(path)), lines_of(path)]


@behaviour("with retry_exceptions a task that throws is run again max_retries times")
def retry_exceptions():
    path = scratch("retry_exceptions")
    return [outcome_of(throw.options(max_retries=2, retry_exceptions=True).remote(path)), lines_of(path)]


@behaviour("a task is run again until it succeeds")
def retry_success():
    path = scratch("retry_success")
    return [outcome_of(throw.options(max_retries=5, retry_exceptions=True).remote(path, 3)), lines_of(path)]


@behaviour("retry_exceptions as a list tells the classes of errors that are tried again")
def retry_classes():
    answers = []
    for name, classes in (("same", [ValueError]), ("other", [KeyError])):
        path = scratch(f"retry_classes-{name}")
        answers.append([outcome_of(throw.options(max_retries=1, retry_exceptions=classes).remote(path)), lines_of(path)])
    return answers


@behaviour("num_returns gives so many refs: none, or a list")
def num_returns():
    @ray.remote
    def three():
        return 1, 2, 3

    none = three.options(num_returns=0).remote()
    return [none is None or none == [], ray.get(three.options(num_returns=3).remote()), list(ray.get(three.remote()))]


@behaviour("a task that returns another number of values than num_returns fails, for every ref")
def num_returns_mismatch():
    @ray.remote
    def three():
        return 1, 2, 3

    refs = three.options(num_returns=2, max_retries=0).remote()
    return [outcome_of(ref) in (1, 2, 3, "timeout") for ref in refs]


@behaviour("every ref of a task that throws throws")
def num_returns_error():
    return [outcome_of(ref) for ref in failing.options(num_returns=2).remote("both")]


@ray.remote(num_cpus=0)
def numbers(n, fail_at=-1):
    for i in range(n):
        if i == fail_at:
            raise ValueError(f"no {i}")
        yield i


@behaviour("a stream gives its values in order, one ref each")
def stream():
    return [ray.get(ref) for ref in numbers.options(num_returns="streaming").remote(4)]


@behaviour("a stream that throws gives what came before, then a ref that throws, then ends")
def stream_error():
    answers = []
    for ref in numbers.options(num_returns="streaming", max_retries=0).remote(4, 2):
        answers.append(outcome_of(ref))
    return answers


@behaviour("a generator function is a stream without being told")
def generator_default():
    made = numbers.remote(3)
    return outcome(lambda: [ray.get(ref) for ref in made])


@behaviour("tasks nest on fewer CPUs than there are levels")
def recursion():
    @ray.remote
    def fib(n):
        if n < 2:
            return n
        return sum(ray.get([fib.remote(n - 1), fib.remote(n - 2)]))

    return ray.get(fib.remote(5), timeout=120)


@behaviour("bad options of a task are refused")
def bad_options():
    return [
        outcome(lambda: bool(identity.options(**{name: value}).remote(1)))
        for name, value in [
            ("num_cpu", 1),
            ("num_cpus", -1),
            ("num_cpus", "two"),
            ("num_gpus", -0.5),
            ("num_gpus", 1.5),
            ("max_retries", -2),
            ("num_returns", -1),
            ("num_returns", "stream"),
            ("resources", {"CPU": 1}),
            ("resources", [1]),
            ("resources", {"camera": -1}),
            ("retry_exceptions", 3),
            ("name", 5),
        ]
    ]


@behaviour("max_retries of -1 is taken: always")
def retry_always():
    path = scratch("retry_always")
    return outcome_of(throw.options(max_retries=-1, retry_exceptions=True).remote(path, 6))


def together(count, seconds=10, **options):
    """Whether so many tasks run at the same time; `seconds`: how long they are waited for."""
    # They meet in files: a task that waits in ray.get gives its CPU back.
    stop, arrived = scratch(f"stop-{options}-{count}"), scratch(f"arrived-{options}-{count}")

    @ray.remote
    def meet():
        note(arrived)
        while not os.path.exists(stop):
            time.sleep(0.02)

    refs = [meet.options(**options).remote() for _ in range(count)]
    met = until(lambda: lines_of(arrived) == count, seconds)
    open(stop, "w").close()
    ray.get(refs)
    return met


@behaviour("as many tasks run at once as there are CPUs, and more where each takes a part of one")
def fractions():
    return [together(2), together(3, seconds=2), together(4, num_cpus=0.5), together(3, num_cpus=0)]


@behaviour("a custom resource limits how many run at once")
def custom_resources():
    return [together(2, seconds=2, num_cpus=0.1, resources={"camera": 1}), together(2, num_cpus=0.1, resources={"camera": 0.5})]


@behaviour("a task that waits in get gives its CPU to others")
def lending():
    @ray.remote(num_cpus=2)
    def outer():
        return ray.get(inner.remote())

    @ray.remote(num_cpus=2)
    def inner():
        return "both"

    return outcome_of(outer.remote())


@behaviour("whole GPUs are one's own, parts of one are shared, and a task without has none")
def gpus():
    def ids(signal, other):
        ray.get(signal.arrive.remote())
        while ray.get(signal.arrivals.remote()) < other:
            time.sleep(0.02)
        return ray.get_gpu_ids()

    @ray.remote(num_cpus=0)
    def whole(signal, count):
        return ids(signal, count)

    first, second = [Signal.remote() for _ in range(2)]
    alone = ray.get([whole.options(num_gpus=1).remote(first, 2) for _ in range(2)], timeout=60)
    shared = ray.get([whole.options(num_gpus=0.5).remote(second, 2) for _ in range(2)], timeout=60)
    both = ray.get(whole.options(num_gpus=2).remote(Signal.remote(), 1), timeout=60)
    none = ray.get(whole.remote(Signal.remote(), 1), timeout=60)
    return {
        "whole": [len(alone[0]), alone[0] != alone[1]],
        "parts": [len(shared[0]), shared[0] == shared[1]],
        "two": len(both),
        "none": len(none),
    }


@behaviour("a task that asks for more than there can ever be")
def infeasible():
    return outcome(lambda: ray.get(identity.options(num_cpus=64).remote(1), timeout=2))


@behaviour("cancel takes a task out that waits, and it never runs")
def cancel_queued():
    path = scratch("cancel_queued")

    @ray.remote
    def noted(_):
        note(path)

    signal = Signal.remote()
    ref = noted.remote(after.remote(signal))
    ray.cancel(ref)
    answer = outcome_of(ref)
    ray.get(signal.open.remote())
    time.sleep(0.3)
    return [answer, lines_of(path)]


@behaviour("cancel stops a task that runs and listens, and it is not tried again")
def cancel_running():
    path = scratch("cancel_running")

    @ray.remote(max_retries=3)
    def listen():
        note(path)
        while True:
            time.sleep(0.01)

    ref = listen.remote()
    until(lambda: lines_of(path) == 1)
    ray.cancel(ref)
    return [outcome_of(ref), lines_of(path)]


@behaviour("cancel with force ends a task that does not listen")
def cancel_force():
    path = scratch("cancel_force")

    @ray.remote
    def deaf():
        note(path)
        while True:
            try:
                time.sleep(10)
            except BaseException:
                pass

    ref = deaf.remote()
    until(lambda: lines_of(path) == 1)
    ray.cancel(ref, force=True)
    return [outcome_of(ref), lines_of(path)]


@behaviour("cancel of a task that is over changes nothing")
def cancel_late():
    ref = identity.remote(7)
    ray.get(ref)
    ray.cancel(ref)
    ray.cancel(ref, force=True)
    return outcome_of(ref)


@behaviour("cancel reaches the tasks that a task has started, unless it is told not to")
def cancel_recursive():
    answers = []
    for recursive in (True, False):
        path = scratch(f"cancel_recursive-{recursive}")

        @ray.remote
        def child(path):
            note(path)
            for _ in range(100):
                time.sleep(0.01)
            note(path + "-end")

        @ray.remote
        def parent(path):
            ray.get(child.remote(path))

        ref = parent.remote(path)
        until(lambda: lines_of(path) == 1)
        ray.cancel(ref, recursive=recursive)
        answer = outcome_of(ref)
        ended = until(lambda: lines_of(path + "-end") == 1, 3)
        answers.append([answer, ended])
    return answers


@behaviour("cancel refuses what is no ref")
def cancel_refuses():
    return outcome(lambda: ray.cancel(5))


def inside(group, index=-1):
    return PlacementGroupSchedulingStrategy(placement_group=group, placement_group_bundle_index=index)


def free_cpus():
    return ray.available_resources().get("CPU", 0)


@behaviour("a placement group sets resources aside until it is removed")
def groups():
    until(lambda: free_cpus() == 2)
    group = placement_group([{"CPU": 1}, {"CPU": 1, "camera": 1}], strategy="SPREAD")
    made = group.wait(20)
    set_aside = until(lambda: free_cpus() == 0)
    value = ray.get(identity.options(num_cpus=1, scheduling_strategy=inside(group, 1)).remote(3), timeout=20)
    remove_placement_group(group)
    return [made, set_aside, value, until(lambda: free_cpus() == 2)]


@behaviour("a placement group waits for room, and is made when another is removed")
def group_waits():
    first = placement_group([{"CPU": 2}])
    second = placement_group([{"CPU": 1}])
    answers = [first.wait(20), second.wait(1)]
    remove_placement_group(first)
    answers.append(second.wait(20))
    remove_placement_group(second)
    return answers


@behaviour("the strategies on one machine: all but STRICT_SPREAD of two bundles find room")
def strategies():
    answers = {}
    for strategy in ("PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"):
        group = placement_group([{"CPU": 1}, {"CPU": 1}], strategy=strategy)
        answers[strategy] = group.wait(1 if strategy == "STRICT_SPREAD" else 20)
        remove_placement_group(group)
    return answers


@behaviour("bad placement groups are refused")
def bad_groups():
    return [
        outcome(lambda: bool(placement_group(*arguments)))
        for arguments in [([],), ([{}],), ([{"CPU": 0}],), ([{"CPU": -1}],), ("CPU",), ([{"CPU": 1}], "PAK"), ([5],)]
    ]


@behaviour("a bundle that the group does not have is refused")
def bad_bundle():
    group = placement_group([{"CPU": 1}])
    group.wait(20)
    answers = [outcome(lambda: bool(identity.options(scheduling_strategy=inside(group, index)).remote(1))) for index in (1, -2)]
    remove_placement_group(group)
    return answers


@behaviour("removing a placement group ends the tasks that run in it")
def remove_running():
    group = placement_group([{"CPU": 1}])
    group.wait(20)
    path = scratch("remove_running")
    if os.path.exists(path):
        os.remove(path)

    @ray.remote(num_cpus=1, max_retries=0)
    def hang():
        note(path)
        time.sleep(60)

    ref = hang.options(scheduling_strategy=inside(group)).remote()
    until(lambda: lines_of(path) == 1)
    remove_placement_group(group)
    return outcome_of(ref) != None


@behaviour("a task that asks for more than any bundle holds is refused or fails")
def too_much():
    group = placement_group([{"CPU": 1}])
    group.wait(20)
    answer = outcome(lambda: ray.get(identity.options(num_cpus=2, scheduling_strategy=inside(group)).remote(1), timeout=2))
    remove_placement_group(group)
    return answer not in (1, "timeout")
