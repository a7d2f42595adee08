/**
 * The memory between the driver and one worker: one SharedArrayBuffer with two rings, one each way.
 *
 *                     ┌────────────── requests ──────────────┐
 *      driver  ──────▶│ ░░░ done │ RUNNING │ queued │ queued │   │──────▶  worker
 *                     └──────────▲─────────────────────────▲─┘
 *                               head (worker moves)       tail (driver moves)
 *
 *                     ┌────────────── replies ───────────────┐
 *      driver  ◀──────│ ░░░ read │ reply │ reply │            │◀──────  worker
 *                     └──────────▲───────────────▲───────────┘
 *                               head (driver)   tail (worker)
 *
 * Each ring has one writer and one reader, so no lock is needed: only the writer moves the tail, only the reader moves the
 * head. Head and tail are byte counts that only grow (and wrap at 2³²); the place in the ring is the count modulo its size.
 * A record never wraps: what is left at the ring's end is skipped with a PAD record.
 *
 * The four counters and the flags lie on cache lines of their own (two lines apart, since cores prefetch pairs): on a
 * shared line each write by one side would throw the line out of the other's cache.
 */
const LINE = 32 // int32 words: 128 bytes
export const REQUEST_TAIL = 0
export const REQUEST_HEAD = LINE
export const REPLY_TAIL = 2 * LINE
export const REPLY_HEAD = 3 * LINE
/** The worker sleeps on this word; the driver adds one and notifies. */
export const WORKER_BELL = 4 * LINE
/** 1 while the worker sleeps or is about to: only then is a notify worth its system call. */
export const WORKER_ASLEEP = 5 * LINE
/** Messages that the driver has put on the control port: a worker that has handled fewer must not sleep. */
export const CONTROL_SENT = 6 * LINE
/** 1 while the worker waits for the driver to make room among the replies. */
export const REPLIES_FULL = 7 * LINE
const HEADER_BYTES = 8 * LINE * 4

/** Bytes of one ring; a power of two. A no-op task takes 40 of them, so some 3,000 wait inside the ring, the rest on the driver's side. */
export const RING_BYTES = 128 * 1024
export const REQUEST_RING = HEADER_BYTES
export const REPLY_RING = HEADER_BYTES + RING_BYTES
export const CHANNEL_BYTES = HEADER_BYTES + 2 * RING_BYTES
/** A payload above this does not travel in the ring but in a SharedArrayBuffer of its own, which the record names. */
export const MAX_INLINE_BYTES = RING_BYTES / 4

/** The driver's own bell, one for all workers. */
export const DRIVER_BELL = 0
/** 1 while the driver sleeps: the first worker that puts it back to 0 rings, the others need not. */
export const DRIVER_ARMED = LINE
export const DRIVER_BELL_BYTES = 2 * LINE * 4

/*
 * A request, in int32 words:
 *
 *   0 bytes of the record (PAD: skip to the ring's end)   1 status   2 kind and flags   3 slot (echoed in the reply)
 *   4 what: function or method                            5 bytes of the payload        6–7 the task's id, float64
 *   8… the payload
 *
 * The status makes starting a task and taking it back exclude each other: whoever changes QUEUED first has it.
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
export const REVOKED = 2

export const KIND_MASK = 0xff
export const TASK = 1
export const CREATE_ACTOR = 2
export const CALL = 3
/** The shared memory with the id in TASK_ID will not be named again. */
export const DROP_HANDLE = 4
/** The payload is the id of a SharedArrayBuffer that holds the real payload. */
export const OVERSIZE = 0x100
/** The task has a time limit: the worker says when it starts. */
export const TIMED = 0x200

/* A reply: words 0, 2, 3 and 5 as above, 4 unused; the payload follows at once. Kinds: */
export const RESULT = 1
export const THROWN = 2
/** An error of the runtime's own, such as a return value that cannot travel. Kinds up to here end the task. */
export const REFUSED = 3
export const STARTED = 4
export const STDOUT = 5
export const STDERR = 6
export const REPLY_HEADER = 24
