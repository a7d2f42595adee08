import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** A client that takes nothing of its answer for so long, or opens a connection and says nothing, is hung up on. */
const STALLED_MS = 30_000

/** What Node calls the answer that a connection waits for, or is being sent. It asks the same on a timeout of its own. */
interface Answering extends Socket {
  readonly _httpMessage?: object | null
}

/**
 * Hangs up on connections on which nothing has moved for a while, so that nothing is kept for clients that are gone or do not read.
 * Those that wait for their answer are let be: an application's deadline may be far away.
 */
export function hangUpOnStalled(server: Server, limitMs = STALLED_MS): void {
  server.timeout = limitMs
  server.on('timeout', (socket: Answering) => {
    const isWaiting = socket._httpMessage != null && socket.writableLength === 0
    if (!isWaiting) socket.destroy()
  })
}
