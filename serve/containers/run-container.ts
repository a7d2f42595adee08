import { connect, Socket } from 'node:net'
import { ServeError } from '../errors.js'
import { checkOptions, refuse } from '../refusals.js'
import { artifactOf, impliedKind, localPath, type ModelSource } from '../registry/model-source.js'
import { answerBatches, type Load } from './answering.js'
import { Connection, MODEL_BODY_BYTES } from './connection.js'
import { functionModel } from './function.js'
import type { LoadSettings } from './kinds.js'
import { loadModel } from './load.js'

/** Where a container connects to, and what its model takes where that does not say so itself. */
export interface ContainerOptions extends Pick<LoadSettings, 'inputType' | 'inputSize' | 'outputs' | 'maxInFlight'> {
  /** `host:port` of the server's container address. */
  address: string
  /** What was agreed on when the model was published. */
  token: string
}

const KNOWN = ['address', 'token', 'inputType', 'inputSize', 'outputs', 'maxInFlight'] as const

/** A model that this program brings along; undefined where it takes the one that the server sends. */
function loadOwn(source: ModelSource | undefined, settings: Omit<LoadSettings, 'kind'>): Load | undefined {
  if (source === undefined) return undefined
  if (typeof source === 'function') return async () => functionModel(source, {}, settings)
  const kind = impliedKind(source)
  return async () => loadModel(await artifactOf(source, kind), { ...settings, kind, path: localPath(source, kind) })
}

/**
 * Serves a model from this program to a server that published it with kind 'external': a function, a file (a policy, ONNX,
 * TensorFlow.js, a module), or without one the policy that the server sends. Resolves when the connection has ended.
 * @throws ServeError `SERVE_OPTION`, `CONTAINER_FAILED` where the server cannot be reached or turns it away
 */
export function runContainer(source: ModelSource | undefined, options: ContainerOptions): Promise<void> {
  const { address, token, ...settings } = checkOptions<ContainerOptions>('runContainer', options, KNOWN)
  if (typeof token !== 'string' || token === '') refuse('token', token, 'what was agreed on when the model was published')
  return answerTo(address, token, loadOwn(source, settings))
}

/** `fd:N` is a socket that this process was started with. */
function openSocket(address: string): Socket {
  const [, host, port] = /^(.+):(\d+)$/.exec(String(address)) ?? []
  if (host === undefined) refuse('address', address, 'host:port')
  if (host === 'fd') return new Socket({ fd: Number(port), readable: true, writable: true })
  return connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) })
}

/** Connects to a server and answers its batches until the connection ends. @throws as `runContainer` */
export function answerTo(address: string, token: string, load: Load | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(address)
    const connection = new Connection(socket)
    connection.trust(MODEL_BODY_BYTES)
    let failure: string | undefined
    const refused = (message: string) => {
      failure = message
    }
    connection.onClose = (reason) => {
      if (failure === undefined && socket.readyState === 'closed' && reason === 'closed the connection') resolve()
      else reject(new ServeError('CONTAINER_FAILED', `the server at ${address}: ${failure ?? reason}`))
    }
    const begin = () => answerBatches(connection, token, load, refused)
    if (socket.connecting) socket.once('connect', begin)
    else begin()
  })
}
