/**
 * The program of a container that runs in Node, as a process or a thread: connects to the frontend, loads the model it is sent (or the
 * file that its argument names), answers batches. With `--watched` it ends with its parent whatever the model does. It ends with its connection; where the frontend started it also with its standard
 * input, so it never outlives the frontend.
 */
import { parentPort } from 'node:worker_threads'
import { answerBatches } from './answering.js'
import { endWithParent } from './end-with-parent.js'
import { PortWire } from './port-wire.js'
import { runContainer } from './run-container.js'

const WATCHED = '--watched'

if (parentPort) {
  const port = parentPort
  port.on('message', (message) => message === null && process.exit(0))
  answerBatches(new PortWire(port), '')
} else {
  const { GYMNURA_CONTAINER_ADDRESS: address = '', GYMNURA_CONTAINER_TOKEN: token = '' } = process.env
  const [, , argument] = process.argv
  const isWatched = argument === WATCHED
  const file = isWatched ? undefined : argument
  if (isWatched) endWithParent()
  if (file === undefined) endWithStandardInput()
  // Ctrl-C in a terminal reaches the whole group; the frontend drains first and then closes the connection.
  process.on('SIGINT', () => {})
  runContainer(file, { address, token }).then(
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
