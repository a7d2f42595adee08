/** A thread that steps a kernel's environments as often as it is told: a message of milliseconds in, steps a second out. */
import { parentPort, workerData } from 'node:worker_threads'
import { rate, vector } from './stepping.js'

const { id, numEnvs } = workerData as { id: string; numEnvs: number }
const stepping = vector(id, numEnvs)
rate(stepping, 100)
parentPort!.on('message', (milliseconds: number) => parentPort!.postMessage(rate(stepping, milliseconds)))
parentPort!.postMessage('ready')
