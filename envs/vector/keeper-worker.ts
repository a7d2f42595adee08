/**
 * A thread that starts those which step environments, and says when one has ended: the program itself waits for them without its event
 * loop, and a thread that runs out of memory has no last word.
 */
import { parentPort, Worker } from 'node:worker_threads'
import { announce, type EnvThreadSetup, LIFE, Mailbox } from './threads.js'

/** Asked of the keeper, by the number that the program gives a thread. */
export type Keeping = { start: number; setup: EnvThreadSetup } | { stop: number }

const threads = new Map<number, Worker>()

parentPort!.on('message', (asked: Keeping) => {
  if ('start' in asked) start(asked.start, asked.setup)
  else void threads.get(asked.stop)?.terminate()
})

function start(number: number, setup: EnvThreadSetup): void {
  const worker = new Worker(new URL('./env-worker.js', import.meta.url), { workerData: setup })
  threads.set(number, worker)
  let why: string | null = null
  worker.once('error', (error) => {
    why = error.message
  })
  worker.once('exit', (code) => {
    threads.delete(number)
    const replies = new Mailbox(`${setup.channel}-out`)
    replies.send({ ended: why ?? `with exit code ${code}` })
    announce(setup.words, LIFE.gone)
    replies.close()
  })
}
