/** The no-op behind bare comlink. */
import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import noop from './noop.js'

expose({ noop }, nodeEndpoint(parentPort!))
