/**
 * Shared memory between threads. Every thread can submit, so there are two shapes:
 *
 * A **channel** between one client and one server: two rings, one each way. Calls of actors travel in it, and all replies.
 *
 *                     ┌────────────── requests ──────────────┐
 *      client  ──────▶│ ░░░ done │ RUNNING │ queued │ queued │   │──────▶  server
 *                     └──────────▲─────────────────────────▲─┘
 *                               head (server moves)       tail (client moves)
 *
 *                     ┌────────────── replies ───────────────┐
 *      client  ◀──────│ ░░░ read │ reply │ reply │            │◀──────  server
 *                     └──────────▲───────────────▲───────────┘
 *                               head (client)   tail (server)
 *
 * A **queue** of one submitter, from which all workers for tasks take, one record at a time, under a lock:
 *
 *                     ┌──────────────────────────────────────┐           ┌──▶  worker 1
 *   submitter  ──────▶│ ░ freed │ taken, not answered │ queued │   │──lock──┼──▶  worker 2
 *                     └─────────▲─────────────────────▲──────▲─┘           └──▶  the submitter, if it is a worker itself
 *                             freed (submitter)     head    tail
 *
 * A record that was taken stays until its task is answered, so that a worker's death leaves the arguments in the ring; when
 * room is short the submitter copies the stragglers' arguments out. So no worker ever waits beside queued tasks, long tasks
 * hold nobody up, and nothing has to be moved from one worker to another.
 *
 * Head and tail are byte counts that only grow (and wrap at 2³²); the place in the ring is the count modulo its size. A record
 * never wraps: what is left at the ring's end is skipped with a PAD record. Counters and flags lie on cache lines of their own
 * (two lines apart, since cores prefetch pairs): on a shared line each write by one side would throw the line out of the
 * other's cache.
 */
const LINE = 32 // int32 words: 128 bytes

/* A channel. */
export const REQUEST_TAIL = 0
export const REQUEST_HEAD = LINE
export const REPLY_TAIL = 2 * LINE
export const REPLY_HEAD = 3 * LINE
/** 1 while the server waits for the client to make room among the replies. */
export const REPLIES_FULL = 4 * LINE
/** 1 once the client's thread is gone: nobody reads the replies any more. */
export const CLIENT_GONE = 5 * LINE
/** 1 once the client has sent what the tasks in its queue name: from then on the server may take some. */
export const QUEUE_OPEN = 6 * LINE
const CHANNEL_HEADER = 7 * LINE * 4

/** Bytes of one ring; a power of two. A no-op task takes 40 of them, so some 3,000 wait inside the ring, the rest on the submitter's side. */
export const RING_BYTES = 128 * 1024
export const REQUEST_RING = CHANNEL_HEADER
export const REPLY_RING = CHANNEL_HEADER + RING_BYTES
export const CHANNEL_BYTES = CHANNEL_HEADER + 2 * RING_BYTES
/** A payload above this does not travel in the ring but in a SharedArrayBuffer of its own, which the record names. */
export const MAX_INLINE_BYTES = RING_BYTES / 4

/* A queue. */
export const QUEUE_TAIL = 0
export const QUEUE_HEAD = LINE
/** 0, or the index of the worker that takes a record, or CLOSED. */
export const QUEUE_LOCK = 2 * LINE
export const CLOSED = -1
const QUEUE_HEADER = 3 * LINE * 4
export const QUEUE_RING = QUEUE_HEADER
export const QUEUE_BYTES = QUEUE_HEADER + RING_BYTES

/* A thread's bell. */
/** The thread sleeps on this word; who has something for it adds one and notifies. */
export const BELL = 0
/** Not 0 while the thread sleeps or is about to: only then is a notify worth its system call. */
export const ASLEEP = LINE
/** It sleeps in Atomics.wait and would take a task. */
export const ASLEEP_TAKES = 1
/** It would take no task. */
export const ASLEEP_ELSE = 2
/** It would take a task when its event loop gets to it: an open task of its own may be computing. */
export const LISTENS_TAKES = 3
/** Messages that the main thread has put on the control ports: a worker that has handled fewer must not sleep. */
export const CONTROL_SENT = 2 * LINE
/** Whether a worker may take tasks: OPEN, or asked to PAUSE, or PAUSED by itself after that (its CPU is lent to somebody). */
export const GATE = 3 * LINE
/** Goes up with every turn of the thread's loop. */
export const HEARTBEAT = 4 * LINE
/** One more than the index of the thread whose task runs (the main thread's is 0), or SOMEBODY; 0: none does, or those that are open wait. */
export const RUNS_FOR = HEARTBEAT + 1
/** Of several that were open one has ended or waits: whose the other is was not looked up. */
export const SOMEBODY = -1
/** The thread's index. */
export const INDEX = 5 * LINE
export const BELL_BYTES = 6 * LINE * 4

export const OPEN = 0
export const PAUSE = 1
export const PAUSED = 2

/* What all threads share. */
/** So many workers for tasks sleep or listen. Too many after one died at a bad moment, never too few. */
export const SLEEPERS = 0
/** The index of a worker that looks for tasks, or is being woken to: it will see a new one without being woken. 0: nobody. */
export const LOOKING = LINE
/** Goes up when a thread has sent another its first request, or put its first task into its queue: from then on it is listened to. */
export const SPOKE = 2 * LINE
export const POOL_BYTES = 3 * LINE * 4

/*
 * A request, in int32 words:
 *
 *   0 bytes of the record (PAD: skip to the ring's end)   1 status   2 kind and flags   3 slot (echoed in the reply)
 *   4 what: function or method                            5 bytes of the payload        6–7 the task's id, float64
 *   8… the payload
 *
 * The status makes starting a task and taking it back exclude each other: whoever changes QUEUED first has it. In a queue
 * the worker's index stands above CLAIMED and DECODED (the arguments are out of the ring, the record may be overwritten).
 */
export const PAD = -1
export const LENGTH = 0
export const STATUS = 1
export const KIND = 2
export const SLOT = 3
export const WHAT = 4
export const PAYLOAD_BYTES = 5
export const TASK_ID = 6
export const REQUEST_HEADER = 32

export const QUEUED = 0
export const CLAIMED = 1
export const DECODED = 2
export const REVOKED = 3
export const STATUS_MASK = 3
export const TAKER_SHIFT = 2

export const KIND_MASK = 0xff
export const TASK = 1
export const CREATE_ACTOR = 2
export const CALL = 3
/** The shared memory with the id in TASK_ID will not be named again. */
export const DROP_HANDLE = 4
/** Gives an actor that was started again the state that it saved. */
export const RESTORE = 5
/** The payload is the id of a SharedArrayBuffer that holds the real payload. */
export const OVERSIZE = 0x100
/** The function is a generator whose values are sent one by one. */
export const STREAMING = 0x200
/** A RESTORE follows: nothing else may run before it. */
export const RESTORES = 0x400
/** A concurrency group's index, in the bits from here. */
export const GROUP_SHIFT = 16

/*
 * A reply, in int32 words: 0, 2, 3 and 5 as above, 1 and 4 unused; 6–7 when the task began and 8–9 when it ended, in
 * milliseconds since the epoch, float64; the payload follows. Of output 6–7 are the id of the task that wrote it, or 0. Kinds:
 */
export const REPLY_BEGAN = 6
export const REPLY_ENDED = 8
export const REPLY_HEADER = 40
export const RESULT = 1
export const THROWN = 2
/** An error of the runtime's own, such as a return value that cannot travel. Kinds up to here end the task. */
export const REFUSED = 3
export const STDOUT = 4
export const STDERR = 5
/** One value of a streaming task. */
export const YIELDED = 6
/** A call has been taken, and waits for its turn in its concurrency group; and its turn has come. */
export const PARKED = 7
export const UNPARKED = 8
