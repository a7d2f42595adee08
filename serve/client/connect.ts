import { checkOptions, refuseSecret } from '../refusals.js'
import { Client, type ConnectOptions, checkConnect } from './client.js'
import { NodeSender } from './node-sender.js'

export interface NodeConnectOptions extends ConnectOptions {
  /** Certificates to trust instead of the usual authorities, PEM: of a server with one of its own making. */
  ca?: string
}

/**
 * A client for the serving tier at `url`. Nothing is sent before the first call.
 * @throws ServeError `SERVE_OPTION`
 */
export function connect(url: string | URL, options: NodeConnectOptions = {}): Client {
  const { ca, ...given } = checkOptions<NodeConnectOptions>('connect', options, ['timeoutMs', 'token', 'retries', 'ca'])
  if (ca !== undefined && !(typeof ca === 'string' && ca.includes('-----BEGIN'))) refuseSecret('ca', ca, 'certificates as PEM text')
  const { url: address, settings } = checkConnect(url, given)
  return new Client(address, new NodeSender(ca), settings)
}
