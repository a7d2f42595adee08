"""ActorPool, Queue, Pool, the state API, the runtime's context and resources."""
import time

import ray
from ray.util import ActorPool
from ray.util.multiprocessing import Pool
from ray.util.queue import Queue
from ray.util.state import list_actors, list_tasks

from behaviour import Signal, after, behaviour, failing, identity, kind_of, lines_of, note, outcome, outcome_of, scratch, until, wait_for


@ray.remote(num_cpus=0)
class Worker:
    def double(self, x):
        return 2 * x

    def fail(self, x):
        if x == 2:
            raise ValueError("no 2")
        return x

    def wait(self, signal, x):
        wait_for(signal)
        return x

    def hello(self):
        return "hello"


def workers(count):
    return [Worker.remote() for _ in range(count)]


@behaviour("ActorPool.map keeps the order of the values, map_unordered gives what is there first")
def pool_map():
    pool = ActorPool(workers(2))
    signal = Signal.remote()
    ordered = list(pool.map(lambda a, x: a.double.remote(x), [1, 2, 3, 4]))
    results = pool.map_unordered(lambda a, x: a.wait.remote(signal, x) if x == 1 else a.double.remote(x), [1, 5])
    first = next(results)
    ray.get(signal.open.remote())
    return [ordered, first, next(results)]


@behaviour("ActorPool.submit and get_next read results in their order, and there is an error when none is to come")
def pool_submit():
    pool = ActorPool(workers(2))
    answers = [pool.has_next(), pool.has_free()]
    for x in (1, 2, 3):
        pool.submit(lambda a, v: a.double.remote(v), x)
    answers += [pool.has_free(), pool.get_next(), pool.get_next(), pool.get_next(), pool.has_next()]
    return [*answers, outcome(pool.get_next), outcome(pool.get_next_unordered)]


@behaviour("ActorPool.get_next gives up after its timeout, and the result stays")
def pool_timeout():
    pool, signal = ActorPool(workers(1)), Signal.remote()
    pool.submit(lambda a, x: a.wait.remote(signal, x), 9)
    late = outcome(lambda: pool.get_next(timeout=0.3))
    ray.get(signal.open.remote())
    return [late, pool.get_next(timeout=20)]


@behaviour("a call of an ActorPool that throws fails at its place, and the pool goes on")
def pool_error():
    pool = ActorPool(workers(2))
    for x in (1, 2, 3):
        pool.submit(lambda a, v: a.fail.remote(v), x)
    return [outcome(pool.get_next) for _ in range(3)]


@behaviour("a dead actor leaves the ActorPool, and the others go on")
def pool_death():
    dying, living = workers(2)
    pool = ActorPool([dying, living])
    ray.kill(dying)
    time.sleep(0.3)
    for x in range(5):
        pool.submit(lambda a, v: a.double.remote(v), x)
    answers = []
    while pool.has_next():
        answers.append(outcome(pool.get_next))
    # Which call the dead one is given is its own affair.
    return [len(answers), answers.count("actor died")]


@behaviour("an ActorPool takes actors by push, not twice, and gives idle ones by pop_idle")
def pool_members():
    first, second = workers(2)
    pool = ActorPool([first])
    answers = [outcome(lambda: pool.push(first))]
    pool.push(second)
    popped = [pool.pop_idle(), pool.pop_idle(), pool.pop_idle()]
    answers.append([one is not None for one in popped])
    return answers


@behaviour("what is submitted to an empty ActorPool runs when an actor comes; who asks before gets an error")
def pool_empty():
    pool = ActorPool([])
    pool.submit(lambda a, v: a.double.remote(v), 4)
    before = outcome(pool.get_next)
    pool.push(Worker.remote())
    return [before, pool.get_next()]


@behaviour("a Queue is first in, first out, and tells its size")
def queue_order():
    queue = Queue(maxsize=3)
    answers = [queue.empty(), queue.size()]
    for item in ("a", None, [1]):
        queue.put(item)
    answers += [queue.full(), queue.size(), queue.get(), queue.get(), queue.get(), queue.empty()]
    queue.shutdown()
    return answers


@behaviour("a full Queue refuses at once or after a timeout, an empty one too")
def queue_limits():
    queue = Queue(maxsize=1)
    answers = [outcome(queue.get_nowait), outcome(lambda: queue.get(timeout=0.2))]
    queue.put(1)
    answers += [outcome(lambda: queue.put_nowait(2)), outcome(lambda: queue.put(2, timeout=0.2)), queue.get(), queue.empty()]
    queue.shutdown()
    return answers


@behaviour("batches go into a Queue and out of it as a whole or not at all")
def queue_batches():
    queue = Queue(maxsize=3)
    queue.put_nowait_batch([1, 2])
    answers = [outcome(lambda: queue.put_nowait_batch([3, 4])), queue.size()]
    answers += [outcome(lambda: queue.get_nowait_batch(3)), queue.size(), queue.get_nowait_batch(2)]
    queue.shutdown()
    return answers


@behaviour("a put waits for room and a get for an item")
def queue_waits():
    queue = Queue(maxsize=1)

    @ray.remote(num_cpus=0)
    def produce(queue):
        for i in range(5):
            queue.put(i)

    ref = produce.remote(queue)
    answers = [queue.get(timeout=30) for _ in range(5)]
    ray.get(ref)
    queue.shutdown()
    return answers


@behaviour("a Queue refuses a negative timeout, takes one of 0 or less than one item as without limit, and fails after its shutdown")
def queue_refuses():
    queue = Queue()
    answers = [outcome(lambda: queue.get(timeout=-1)), outcome(lambda: queue.put(1, timeout=-1))]
    for i in range(5):
        queue.put(i)
    answers.append([queue.size(), queue.full()])
    queue.shutdown()
    return [*answers, outcome(lambda: queue.put(1)) is not None]


def negate(x):
    return -x


def add(a, b):
    return a + b


def fail_at_2(x):
    if x == 2:
        raise ValueError("no 2")
    return x


@behaviour("Pool maps, with and without an order, with lists of arguments and in chunks")
def pool_work():
    pool = Pool(2)
    answers = [
        pool.map(negate, [1, 2, 3], chunksize=2),
        pool.starmap(add, [(1, 2), (3, 4)]),
        list(pool.imap(negate, [4, 5, 6])),
        sorted(pool.imap_unordered(negate, [7, 8])),
        pool.apply(add, (20, 22)),
        pool.map(negate, []),
    ]
    pool.terminate()
    pool.join()
    return answers


@behaviour("Pool throws what its function threw, and goes on")
def pool_throws():
    pool = Pool(1)
    try:
        pool.map(fail_at_2, [1, 2, 3])
        text = "nothing was thrown"
    except Exception as error:
        text = "no 2" in str(error)
    answers = [text, pool.map(negate, [1])]
    pool.terminate()
    return answers


@behaviour("Pool.imap gives what came before an error")
def pool_imap_error():
    pool = Pool(1)
    results = pool.imap(fail_at_2, [0, 1, 2, 3])
    answers = [next(results), next(results)]
    try:
        next(results)
        answers.append("nothing was thrown")
    except Exception as error:
        answers.append("no 2" in str(error))
    pool.terminate()
    return answers


@behaviour("a closed Pool takes no more work, and join wants it closed")
def pool_closed():
    pool = Pool(1)
    answers = [outcome(pool.join)]
    pool.close()
    answers.append(outcome(lambda: pool.map(negate, [1])))
    pool.join()
    return answers


@behaviour("Pool refuses no processes and a chunk of no values")
def pool_refuses():
    pool = Pool(1)
    answers = [outcome(lambda: bool(Pool(0))), outcome(lambda: pool.map(negate, [1], chunksize=0))]
    pool.terminate()
    return answers


def states(name):
    return sorted(row.state for row in list_tasks(filters=[("name", "=", name)]))


@behaviour("list_tasks tells the states of tasks that are over, run, wait for arguments and for resources")
def task_states():
    signal = Signal.remote()
    ray.get(identity.options(name="state over").remote(1))
    outcome_of(failing.options(name="state failed").remote())
    running = after.options(name="state runs").remote(signal)
    waits = identity.options(name="state waits").remote(running)
    hungry = identity.options(name="state hungry", resources={"camera": 2}).remote(1)
    wanted = {
        "state over": ["FINISHED"],
        "state failed": ["FAILED"],
        "state runs": ["RUNNING"],
        "state waits": ["PENDING_ARGS_AVAIL"],
        "state hungry": ["PENDING_NODE_ASSIGNMENT"],
    }
    until(lambda: all(states(name) == state for name, state in wanted.items()), 20)
    answers = {name: states(name) for name in wanted}
    ray.cancel(hungry)
    ray.get(signal.open.remote())
    ray.get(waits)
    return answers


@behaviour("list_tasks has filters, several together, and a limit, and refuses what it does not know")
def task_filters():
    ray.get([identity.options(name="filter me").remote(i) for i in range(3)])
    until(lambda: states("filter me") == ["FINISHED"] * 3)
    return [
        len(list_tasks(filters=[("name", "=", "filter me"), ("state", "=", "FINISHED")])),
        len(list_tasks(filters=[("name", "=", "filter me"), ("state", "!=", "FINISHED")])),
        len(list_tasks(filters=[("name", "=", "filter me")], limit=2)),
        outcome(lambda: len(list_tasks(filters=[("name", "~", "filter me")]))),
        outcome(lambda: len(list_tasks(limit=-1))),
    ]


@ray.remote(num_cpus=0)
class Listed:
    def hello(self):
        return 1


@behaviour("list_actors tells the class, the name and the state of actors")
def actor_states():
    living, dead = Listed.options(name="listed").remote(), Listed.remote()
    pending = Listed.options(resources={"camera": 2}).remote()
    ray.get([living.hello.remote(), dead.hello.remote()])
    ray.kill(dead)

    def rows():
        return sorted((row.state, row.name or "") for row in list_actors(filters=[("class_name", "=", "Listed")]))

    wanted = [("ALIVE", "listed"), ("DEAD", ""), ("PENDING_CREATION", "")]
    until(lambda: rows() == wanted, 20)
    answer = [list(row) for row in rows()]
    del pending
    return answer


@behaviour("the context tells tasks and actors apart")
def context():
    @ray.remote
    def task():
        one = ray.get_runtime_context()
        return [one.get_task_id(), one.get_actor_id(), one.get_worker_id()]

    @ray.remote
    class Actor:
        def show(self):
            one = ray.get_runtime_context()
            return [one.get_task_id(), one.get_actor_id(), one.get_worker_id()]

    driver = ray.get_runtime_context()
    first, second = ray.get([task.remote(), task.remote()])
    actor = Actor.remote()
    third, fourth = ray.get([actor.show.remote(), actor.show.remote()])
    return {
        "driver": [driver.get_actor_id() is None],
        "task": [first[0] is not None, first[0] != second[0], first[1] is None],
        "actor": [third[0] != fourth[0], third[1] is not None, third[1] == fourth[1], third[2] == fourth[2]],
    }


@behaviour("the runtime tells what it has, and what of it is free")
def total_resources():
    total = ray.cluster_resources()
    until(lambda: ray.available_resources().get("CPU", 0) == 2)
    free = ray.available_resources()
    return [[one.get(name, 0) for name in ("CPU", "GPU", "camera")] for one in (total, free)]


@behaviour("exit_actor outside of an actor is refused, and a second init too")
def refused():
    return [outcome(ray.actor.exit_actor), outcome(lambda: bool(ray.init(num_cpus=1))), outcome(lambda: bool(ray.init(ignore_reinit_error=True)))]
