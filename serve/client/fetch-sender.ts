import { type Answer, type Call, retryAfterOf, SendError, type Sender, type Streamed } from './sender.js'

/** Sends with `fetch`, which browsers and Node have; the browser keeps the connections. */
export class FetchSender implements Sender {
  async send(call: Call): Promise<Answer> {
    const signal = AbortSignal.timeout(call.limitMs)
    const response = await this.#fetch(call, signal, signal)
    try {
      return { status: response.status, text: await response.text(), retryAfterS: retryAfterOf(response.headers.get('retry-after')) }
    } catch (cause) {
      throw sendError(cause, signal, call)
    }
  }

  async stream(call: Call, signal: AbortSignal): Promise<Streamed> {
    const late = new AbortController()
    const limit = setTimeout(() => late.abort(), call.limitMs)
    const response = await this.#fetch(call, AbortSignal.any([signal, late.signal]), late.signal)
    clearTimeout(limit)
    return { status: response.status, text: textOf(response) }
  }

  async #fetch(call: Call, signal: AbortSignal, limit: AbortSignal): Promise<Response> {
    const { method, url, headers, body } = call
    try {
      return await fetch(url, { method, headers, body: body as BodyInit | undefined, signal })
    } catch (cause) {
      throw sendError(cause, limit, call)
    }
  }

  close(): void {}
}

/** A browser does not say what went wrong, or how far the call got. */
function sendError(cause: unknown, limit: AbortSignal, { limitMs }: Call): SendError {
  const { message } = cause as Error
  return new SendError(limit.aborted ? `none within ${limitMs} ms` : message, true, limit.aborted, { cause })
}

async function* textOf({ body }: Response): AsyncGenerator<string> {
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    await reader.cancel().catch(() => {})
  }
}
