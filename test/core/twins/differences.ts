/** Where we answer otherwise than Ray on purpose. */
export interface Difference {
  readonly ray: unknown
  readonly ours: unknown
  readonly why: string
}

const refused = (count: number) => Array(count).fill('refused') as string[]

export const differences: Readonly<Record<string, Difference>> = {
  'sync methods of an actor with max_concurrency above 1 overlap': {
    ray: 2,
    ours: 1,
    why: "An actor is one thread of JavaScript: a sync method runs to its end. Ray starts threads, which take turns by Python's lock.",
  },
  'bad options of an actor are refused': {
    ray: ['refused', 'refused', 'refused', true, ...refused(7)],
    ours: refused(11),
    why: 'An actor with max_concurrency 0 could never answer; Ray takes it for its default.',
  },
  'a large array that get gave cannot be written into': {
    ray: 'refused',
    ours: 'written',
    why: 'JavaScript has no read-only typed arrays. They are read-only by convention, as the doc of put says.',
  },
  'a task that asks for more than there can ever be': {
    ray: 'timeout',
    ours: 'ERR_RESOURCES_UNAVAILABLE',
    why: 'One machine does not grow: what can never be had is told at once. Ray waits for a node to join, for ever if none does.',
  },
  'the strategies on one machine: all but STRICT_SPREAD of two bundles find room': {
    ray: { PACK: true, SPREAD: true, STRICT_PACK: true, STRICT_SPREAD: false },
    ours: { PACK: true, SPREAD: true, STRICT_PACK: true, STRICT_SPREAD: 'ERR_RESOURCES_UNAVAILABLE' },
    why: 'As above: Ray waits for another machine.',
  },
  'bad placement groups are refused': {
    ray: ['refused', 'refused', 'refused', true, 'refused', 'refused', 'refused'],
    ours: refused(7),
    why: 'A bundle of −1 CPUs is a mistake; Ray takes it.',
  },
  'Pool.imap gives what came before an error': {
    ray: [0, 1, 'nothing was thrown'],
    ours: [0, 1, true],
    why: "As Python's multiprocessing, which throws there. Ray's imap gives the error as if it were a result.",
  },
}
