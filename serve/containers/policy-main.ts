/**
 * The program of a policy container: connects to the frontend that started it, loads the policy it is sent, answers batches.
 * It ends with its connection or its standard input, whichever closes first, so it never outlives the frontend.
 */
import { connect } from 'node:net'
import { Connection } from './connection.js'
import { type Frame, FrameType, FrameWriter, SectionTag } from './frames.js'
import { PolicyModel } from './policy-model.js'

const { GYMNURA_CONTAINER_ADDRESS: address = '', GYMNURA_CONTAINER_TOKEN: token = '' } = process.env
const [host = '', port = ''] = address.split(':')

process.stdin.on('end', () => process.exit(0))
process.stdin.on('error', () => process.exit(0))
process.stdin.resume()
// Ctrl-C in a terminal reaches the whole group; the frontend drains first and then closes the connection.
process.on('SIGINT', () => {})

const socket = connect({ host, port: Number(port) })
const connection = new Connection(socket)
connection.trust()
const writer = new FrameWriter()
let model: PolicyModel | undefined

async function welcome(frame: Frame): Promise<void> {
  const { heartbeatMs } = frame.json()
  // The view ends with this call, and loading is asynchronous.
  const artifact = new Uint8Array(frame.bytes(SectionTag.ARTIFACT) ?? [])
  setInterval(() => connection.send(FrameType.HEARTBEAT), Number(heartbeatMs))
  try {
    model = await PolicyModel.load(artifact)
    connection.send(FrameType.READY, model.description)
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    connection.send(FrameType.ERROR, { code, message })
    connection.end()
  }
}

function batch(frame: Frame, loaded: PolicyModel): void {
  const inputs = frame.numbers(SectionTag.INPUTS)
  if (!(inputs instanceof Float32Array) || inputs.length !== frame.count * loaded.description.inputSize) {
    connection.send(FrameType.ERROR, { message: `batch ${frame.batchId} does not hold ${frame.count} inputs` })
    connection.end()
    return
  }
  const { outputs, extras, statuses, errors } = loaded.evaluate(inputs, frame.count, frame.json().extras === true)
  writer.begin(FrameType.REPLY, frame.batchId, frame.count).numbers(SectionTag.OUTPUTS, outputs)
  for (const extra of extras ?? []) writer.numbers(SectionTag.EXTRA, extra)
  if (statuses) writer.bytes(SectionTag.STATUSES, statuses).json(errors ?? {})
  connection.write(writer.end())
}

connection.onFrame = (frame) => {
  if (frame.type === FrameType.WELCOME) void welcome(frame)
  else if (frame.type === FrameType.BATCH && model) batch(frame, model)
}
connection.onClose = () => process.exit(0)
socket.on('connect', () => connection.send(FrameType.HELLO, { token, maxInFlight: 1, pid: process.pid }))
