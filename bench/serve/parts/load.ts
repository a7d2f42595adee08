/** A load generator of closed loops: every connection asks again as soon as it is answered. */
import { openConnections, requestText } from './connection.js'
import { type Measured, Tally } from './tally.js'

export type { Measured } from './tally.js'

export interface Load {
  readonly port: number
  readonly path: string
  /** The body of the request with this number; distinct ones pass the cache by. */
  body(request: number): string
  readonly connections: number
  readonly seconds: number
  /** Before the measurement; default 0.5. */
  readonly warmSeconds?: number
}

/** Requests are made beforehand, so many, and sent in turn: more than are ever in flight. */
const DISTINCT = 4096
/** What has not come back so long after the end is counted as no answer. */
const LAST_ANSWERS_MS = 2_000

export function requestsOf({ path, body }: Pick<Load, 'path' | 'body'>, count = DISTINCT): string[] {
  return Array.from({ length: count }, (_, request) => requestText(path, body(request)))
}

/** @throws where the server does not take the connections */
export async function closedLoop(load: Load): Promise<Measured> {
  const requests = requestsOf(load)
  const connections = await openConnections(load.port, load.connections)
  const tally = new Tally()
  const from = performance.now() + 1000 * (load.warmSeconds ?? 0.5)
  const until = from + 1000 * load.seconds
  let sent = 0
  const loops = connections.map(
    (connection) =>
      new Promise<void>((resolve) => {
        let sentAt = 0
        const ask = () => {
          sentAt = performance.now()
          connection.send(requests[sent++ % DISTINCT]!)
        }
        connection.onAnswer = (status, body) => {
          const now = performance.now()
          if (now >= from && now < until) tally.count(now - sentAt, status, body)
          if (now >= until) resolve()
          // After a closed connection not at once: a server that refuses all would have this thread do nothing else.
          else if (status === '') setTimeout(ask, 1)
          else ask()
        }
        ask()
      }),
  )
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, until - performance.now() + LAST_ANSWERS_MS)
  })
  await Promise.race([Promise.all(loops), patience])
  clearTimeout(timer)
  tally.stop(sent)
  for (const connection of connections) {
    if (connection.busy) tally.count(LAST_ANSWERS_MS, '', '')
    connection.close()
  }
  return tally.measured(load.seconds)
}
