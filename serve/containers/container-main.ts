/**
 * The program of a container that runs in Node, as a process or a thread: connects to the frontend, loads the model it is sent, answers
 * batches. It ends with its connection or its standard input, whichever closes first, so it never outlives the frontend.
 */
import { connect } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { answerBatches } from './answering.js'
import { Connection, MODEL_BODY_BYTES } from './connection.js'
import { PortWire } from './port-wire.js'

if (parentPort) {
  const port = parentPort
  const wire = new PortWire(port)
  port.on('message', (message) => message === null && process.exit(0))
  answerBatches(wire, '')
} else {
  const { GYMNURA_CONTAINER_ADDRESS: address = '', GYMNURA_CONTAINER_TOKEN: token = '' } = process.env
  const colon = address.lastIndexOf(':')
  process.stdin.on('end', () => process.exit(0))
  process.stdin.on('error', () => process.exit(0))
  process.stdin.resume()
  // Ctrl-C in a terminal reaches the whole group; the frontend drains first and then closes the connection.
  process.on('SIGINT', () => {})
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  const connection = new Connection(socket)
  connection.trust(MODEL_BODY_BYTES)
  connection.onClose = () => process.exit(0)
  socket.on('connect', () => answerBatches(connection, token))
}
