/** Threads that each step environments of their own at the same time: the sum of their steps a second. */
import { Worker } from 'node:worker_threads'

export const THREADS = 2
/** Of each thread, where a kernel moves them; MuJoCo's are stepped one by one. */
const THREAD_ENVS = 1024

/** What stepping-thread.ts is told. */
export interface ThreadWork {
  readonly kind: 'kernel' | 'mujoco'
  readonly id: string
  readonly numEnvs: number
}

export class SteppingThreads {
  readonly #workers: Worker[]

  private constructor(work: ThreadWork) {
    const url = new URL('./stepping-thread.js', import.meta.url)
    this.#workers = Array.from({ length: THREADS }, () => new Worker(url, { workerData: work }))
  }

  static async start(kind: ThreadWork['kind'], id: string): Promise<SteppingThreads> {
    const threads = new SteppingThreads({ kind, id, numEnvs: THREAD_ENVS })
    await threads.#answers()
    return threads
  }

  /** Over about so long. */
  async rate(milliseconds: number): Promise<number> {
    const rates = this.#answers()
    for (const worker of this.#workers) worker.postMessage(milliseconds)
    return (await rates).reduce((sum, own) => sum + own, 0)
  }

  #answers(): Promise<number[]> {
    return Promise.all(this.#workers.map((worker) => new Promise<number>((resolve) => worker.once('message', resolve))))
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
