/**
 * The program of a container that runs in Node, as a process or a thread: connects to the frontend, loads the model it is sent (or the
 * file that its argument names), answers batches. It ends with its connection; where the frontend started it also with its standard
 * input, so it never outlives the frontend.
 */
import { parentPort, Worker } from 'node:worker_threads'
import { answerBatches, type Load } from './answering.js'
import { loadModel } from './load.js'
import { PortWire } from './port-wire.js'
import { answerTo, runContainer } from './run-container.js'

if (parentPort) {
  const port = parentPort
  port.on('message', (message) => message === null && process.exit(0))
  answerBatches(new PortWire(port), '')
} else {
  const { GYMNURA_CONTAINER_ADDRESS: address = '', GYMNURA_CONTAINER_TOKEN: token = '' } = process.env
  const [, , file] = process.argv
  const started = file === undefined
  if (started) endWithStandardInput()
  // Ctrl-C in a terminal reaches the whole group; the frontend drains first and then closes the connection.
  process.on('SIGINT', () => {})
  const ended = started ? answerTo(address, token, loadWatched(process.ppid)) : runContainer(file, { address, token })
  ended.then(
    () => process.exit(0),
    (error: Error) => {
      console.error(error.message)
      process.exit(1)
    },
  )
}

function endWithStandardInput(): void {
  process.stdin.on('end', () => process.exit(0))
  process.stdin.on('error', () => process.exit(0))
  process.stdin.resume()
}

/** Only what comes as code can hang; a thread more costs some megabytes. */
function loadWatched(frontend: number): Load {
  return (artifact, settings) => {
    if (settings.kind === 'function') new Worker(new URL('./orphan-watch.js', import.meta.url), { workerData: frontend }).unref()
    return loadModel(artifact, settings)
  }
}
