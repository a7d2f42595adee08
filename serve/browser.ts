/**
 * What of `gymnura/serve` runs in a browser: the client, on `fetch` and `WebSocket`. Bundlers choose this file by the package's "browser"
 * condition.
 */
import { Client, type ConnectOptions, checkConnect } from './client/client.js'
import { FetchSender } from './client/fetch-sender.js'
import { checkOptions } from './refusals.js'

export type { Client, ConnectOptions, FeedbackOptions, PredictOptions } from './client/client.js'
export type { ControlLoop } from './client/control.js'
export type { PredictResult, Published } from './client/results.js'
export { ServeError, type ServeErrorCode } from './errors.js'

/**
 * A client for the serving tier at `url`. Nothing is sent before the first call.
 * @throws ServeError `SERVE_OPTION`
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Client {
  const given = checkOptions<ConnectOptions>('connect', options, ['timeoutMs', 'token', 'retries'])
  const { url: address, settings } = checkConnect(url, given)
  return new Client(address, new FetchSender(), settings)
}
