/** A thread that steps environments as often as it is told: a message of milliseconds in, steps a second out. */
import { parentPort, workerData } from 'node:worker_threads'
import { type MujocoId, mujocoSteps } from './mujoco-stepping.js'
import { rate, vector } from './stepping.js'
import type { ThreadWork } from './stepping-threads.js'

const { id, kind, numEnvs } = workerData as ThreadWork
const stepping = kind === 'kernel' ? vector(id, numEnvs) : mujocoSteps(id as MujocoId)
rate(stepping, kind === 'kernel' ? 100 : 1500)
parentPort!.on('message', (milliseconds: number) => parentPort!.postMessage(rate(stepping, milliseconds)))
parentPort!.postMessage('ready')
