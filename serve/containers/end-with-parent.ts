import { Worker } from 'node:worker_threads'

/** Looks after its process from a thread of its own, which runs whatever the process's own code does. */
const WATCH = `
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, 500)`
const WATCH_HEAP_MB = 4

/** For processes that run a model's own code: one that loops without end does not hear that its frontend is gone, and would stay. */
export function endWithParent(): void {
  const resourceLimits = { maxOldGenerationSizeMb: WATCH_HEAP_MB, maxYoungGenerationSizeMb: 1 }
  new Worker(WATCH, { eval: true, env: {}, resourceLimits }).unref()
}
