/**
 * The program of a thread beside a model's code that may never give its own thread back, and so would not hear that the frontend is
 * gone: ends the process once it has another parent.
 */
import { workerData } from 'node:worker_threads'

const LOOK_EVERY_MS = 500

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL')
}, LOOK_EVERY_MS)
