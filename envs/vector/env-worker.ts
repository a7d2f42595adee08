/** A thread of an AsyncVectorEnv's own. */
import { workerData } from 'node:worker_threads'
import '../index.js'
import { serveEnvironments } from './serve-environments.js'
import type { EnvThreadSetup } from './threads.js'

await serveEnvironments(workerData as EnvThreadSetup)
