/** One HTTP call. */
export interface Call {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Of a POST. */
  readonly body?: string | Uint8Array
  /** A call without a whole answer by then is given up. */
  readonly limitMs: number
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** Seconds, of a server that has too much to do. */
  readonly retryAfterS: number | undefined
}

/** Why there is no answer. */
export class SendError extends Error {
  override readonly name = 'SendError'

  /**
   * @param reached false: the call has not left, so nobody has done anything about it
   * @param givenUp the time is over
   */
  constructor(
    message: string,
    readonly reached: boolean,
    readonly givenUp: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** An answer that goes on. */
export interface Streamed {
  readonly status: number
  /** Its text, piece by piece; an error ends it where the connection breaks. */
  readonly text: AsyncIterable<string>
}

/** How calls are sent: by `node:http` in Node, by `fetch` in a browser. Connections are kept. */
export interface Sender {
  /** @throws SendError */
  send(call: Call): Promise<Answer>
  /** Resolves with the answer's beginning, which has to come within the limit; `signal` hangs up. @throws SendError */
  stream(call: Call, signal: AbortSignal): Promise<Streamed>
  close(): void
}

export const retryAfterOf = (header: string | null | undefined) => (/^\d+$/.test(header ?? '') ? Number(header) : undefined)
