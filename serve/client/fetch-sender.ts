import { type Answer, type Call, retryAfterOf, SendError, type Sender } from './sender.js'

/** Sends with `fetch`, which browsers and Node have; the browser keeps the connections. */
export class FetchSender implements Sender {
  async send({ url, headers, body, limitMs }: Call): Promise<Answer> {
    const signal = AbortSignal.timeout(limitMs)
    try {
      const response = await fetch(url, { method: 'POST', headers, body: body as BodyInit, signal })
      return { status: response.status, text: await response.text(), retryAfterS: retryAfterOf(response.headers.get('retry-after')) }
    } catch (cause) {
      const { message } = cause as Error
      // A browser does not say what went wrong, or how far the call got.
      throw new SendError(signal.aborted ? `none within ${limitMs} ms` : message, true, signal.aborted, { cause })
    }
  }

  close(): void {}
}
