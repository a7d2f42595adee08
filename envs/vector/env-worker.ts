/** A thread of an AsyncVectorEnv's own. Also says when it ends by itself, which the waiting program would not hear otherwise. */
import { workerData } from 'node:worker_threads'
import '../index.js'
import { announce, serveEnvironments } from './serve-environments.js'
import { type EnvThreadSetup, LIFE } from './threads.js'

const setup = workerData as EnvThreadSetup
process.once('exit', () => announce(setup.words, LIFE.gone))
await serveEnvironments(setup)
