/** Threads that each step a kernel's environments at the same time: the sum of their steps a second. */
import { Worker } from 'node:worker_threads'

export const THREADS = 2
/** Of each thread. */
const THREAD_ENVS = 1024

export class KernelThreads {
  readonly #workers: Worker[]

  private constructor(id: string) {
    const url = new URL('./stepping-thread.js', import.meta.url)
    this.#workers = Array.from({ length: THREADS }, () => new Worker(url, { workerData: { id, numEnvs: THREAD_ENVS } }))
  }

  static async start(id: string): Promise<KernelThreads> {
    const threads = new KernelThreads(id)
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
