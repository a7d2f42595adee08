"""wait, get, put, refs and errors."""
import time

import ray

from behaviour import Signal, after, behaviour, failing, identity, kind_of, lines_of, note, outcome, outcome_of, scratch


def indices(refs, *lists):
    return [[refs.index(ref) for ref in one] for one in lists]


@behaviour("wait gives no more ready refs than were asked for, and both lists keep the order of the input")
def wait_order():
    refs = [ray.put(i) for i in range(5)]
    answers = []
    for n in (1, 3, 5):
        # Which of the ready ones it takes is its own affair.
        ready, pending = indices(refs, *ray.wait(refs, num_returns=n))
        answers.append([len(ready), len(pending), ready == sorted(ready), pending == sorted(pending)])
    return answers


@behaviour("wait that times out gives what is ready, fewer than were asked for")
def wait_timeout():
    signal = Signal.remote()
    refs = [after.remote(signal), ray.put(1), after.remote(signal), ray.put(2)]
    answer = indices(refs, *ray.wait(refs, num_returns=4, timeout=0.5))
    ray.get(signal.open.remote())
    ray.get(refs)
    return answer


@behaviour("wait with a timeout of 0 gives what is there now")
def wait_now():
    signal = Signal.remote()
    refs = [after.remote(signal), ray.put(1)]
    answer = [indices(refs, *ray.wait(refs, num_returns=2, timeout=0)), indices(refs, *ray.wait(refs[:1], timeout=0))]
    ray.get(signal.open.remote())
    return answer


@behaviour("a failed task counts as ready for wait, which does not throw")
def wait_failed():
    refs = [failing.remote()]
    return indices(refs, *ray.wait(refs, timeout=20))


@behaviour("wait refuses what makes no sense: more than there are, none, the same ref twice, no list, no refs")
def wait_refuses():
    ref = ray.put(1)
    return [
        outcome(lambda: ray.wait([ref], num_returns=2)),
        outcome(lambda: ray.wait([ref], num_returns=0)),
        outcome(lambda: ray.wait([ref, ref])),
        outcome(lambda: ray.wait(ref)),
        outcome(lambda: ray.wait([1])),
    ]


@behaviour("wait for an empty list gives two empty lists")
def wait_nothing():
    return outcome(lambda: [list(one) for one in ray.wait([])])


@behaviour("get throws after its timeout, and the value can be had later")
def get_timeout():
    signal = Signal.remote()
    ref = after.remote(signal, 7)
    first = outcome(lambda: ray.get(ref, timeout=0.3))
    now = outcome(lambda: ray.get(ref, timeout=0))
    ray.get(signal.open.remote())
    return [first, now, outcome_of(ref)]


@behaviour("get of a list times out as a whole")
def get_list_timeout():
    signal = Signal.remote()
    refs = [ray.put(1), after.remote(signal)]
    answer = outcome(lambda: ray.get(refs, timeout=0.3))
    ray.get(signal.open.remote())
    return answer


@behaviour("get of an empty list is an empty list, of one ref its value, of a list a list in its order")
def get_shapes():
    refs = [identity.remote(i) for i in range(4)]
    return [ray.get([]), ray.get(refs[2]), ray.get(refs)]


@behaviour("get refuses what is no ref")
def get_refuses():
    return [outcome(lambda: ray.get(5)), outcome(lambda: ray.get([ray.put(1), 5])), outcome(lambda: ray.get(None))]


@behaviour("get of a list throws a failure before slower ones have ended")
def get_fails_early():
    signal = Signal.remote()
    refs = [after.remote(signal), failing.remote("early")]
    answer = outcome_of(refs, timeout=20)
    ray.get(signal.open.remote())
    return answer


@behaviour("of several failures get of a list throws that of the first ref")
def get_first_failure():
    refs = [identity.remote(1), failing.remote("first"), failing.remote("second")]
    ray.wait(refs, num_returns=3)
    return outcome_of(refs)


@behaviour("the error of a task carries what was thrown and names the function in its trace")
def error_cause():
    def boom():
        raise ValueError("out of range: 7")

    try:
        ray.get(ray.remote(boom).remote())
    except ray.exceptions.RayTaskError as error:
        return {"cause": str(error.cause), "function": "boom" in str(error), "text": "out of range: 7" in str(error)}


class Coded(Exception):
    def __init__(self, message, code):
        super().__init__(message, code)
        self.message = message
        self.code = code

    def __str__(self):
        return self.message


@behaviour("properties of an error of one's own arrive with it")
def error_properties():
    @ray.remote
    def coded():
        raise Coded("odd", 42)

    try:
        ray.get(coded.remote())
    except ray.exceptions.RayTaskError as error:
        return [str(error.cause), error.cause.code]


@behaviour("a task whose argument failed does not run, and get throws the argument's error")
def failed_argument():
    path = scratch("failed_argument")

    @ray.remote
    def downstream(_):
        note(path)

    answer = outcome_of(downstream.remote(failing.remote("upstream")))
    return [answer, lines_of(path)]


@behaviour("the error of a task that a task waited for is in the error of the outer one")
def nested_error():
    @ray.remote
    def outer():
        ray.get(failing.remote("deep inside"))

    try:
        ray.get(outer.remote())
    except ray.exceptions.RayTaskError as error:
        return ["deep inside" in str(error), "failing" in str(error)]


@behaviour("refs given as arguments arrive as values, refs inside of other values as refs")
def nested_refs():
    @ray.remote
    def kinds(top, items, table):
        is_ref = lambda one: isinstance(one, ray.ObjectRef)
        return [top, is_ref(items[0]), is_ref(table["deep"][0]), ray.get(items[0])]

    ref = ray.put(7)
    return ray.get(kinds.remote(ref, [ref], {"deep": [ref]}))


@behaviour("a task may return a ref, which get gives as a ref")
def returned_ref():
    @ray.remote
    def make():
        return [ray.put(5)], ray.put(6)

    [first], second = ray.get(make.remote())
    return [isinstance(first, ray.ObjectRef), ray.get(first), ray.get(second)]


@behaviour("put refuses a ref, and takes one inside of a list")
def put_ref():
    ref = ray.put(1)
    return [outcome(lambda: ray.put(ref)), ray.get(ray.get(ray.put([ref]))[0])]


@behaviour("what happens to a value after put or after a call does not show")
def copied():
    value = [1]
    ref = ray.put(value)
    signal = Signal.remote()

    @ray.remote
    def late(signal, value):
        while not ray.get(signal.is_open.remote()):
            time.sleep(0.02)
        return value

    call = late.remote(signal, value)
    value.append(2)
    ray.get(signal.open.remote())
    return [ray.get(ref), ray.get(call)]


@behaviour("a task that changes its argument changes its own copy")
def own_copy():
    @ray.remote
    def change(value):
        value.append(2)
        return value

    value = [1]
    ref = ray.put(value)
    return [ray.get(change.remote(ref)), ray.get(change.remote(value)), ray.get(ref), value]


@behaviour("what was done to a value that get gave does not show in a later get")
def get_is_fresh():
    ref = identity.remote([1])
    ray.get(ref).append(2)
    return ray.get(ref)


@behaviour("a large array that get gave cannot be written into")
def read_only():
    import numpy

    array = ray.get(ray.put(numpy.zeros(100_000)))

    def write():
        array[0] = 1
        return "written"

    return outcome(write)


@behaviour("a ref whose own holder is gone lives on inside of another object")
def held_inside():
    outer = ray.put([ray.put("still here")])
    time.sleep(0.3)
    return ray.get(ray.get(outer)[0])


@behaviour("remote functions and classes cannot be called directly")
def direct_calls():
    class Plain:
        def hello(self):
            return 1

    remote_class = ray.remote(Plain)
    handle = remote_class.remote()
    answers = [outcome(lambda: identity(1)), outcome(lambda: remote_class()), outcome(lambda: handle.hello())]
    missing = outcome(lambda: handle.helo.remote())
    return [*answers, missing]
