/**
 * A container of inputs of four numbers that answers right, or breaks the protocol in some way, at random. Arguments: the containers'
 * address, its token, a seed. It connects again whenever it is thrown out, and ends when its parent does.
 */
import { connect } from 'node:net'
import { Connection, MODEL_BODY_BYTES } from '../../../serve/containers/connection.js'
import { type Frame, FrameType, FrameWriter, SectionTag } from '../../../serve/containers/frames.js'
import { random } from '../../core/examples/random.js'
import { steady } from './models.js'

const [address, token, seed] = process.argv.slice(2)
const draw = random(Number(seed))
const AGAIN_MS = 100
const BATCHES_AT_ONCE = 4
const HEARTBEAT = Buffer.from(new FrameWriter().begin(FrameType.HEARTBEAT).end())
const DESCRIBED = { inputType: 'floats', inputSize: 4, outputs: [{ name: 'y', type: 'doubles', shape: [] }] }

function replyTo({ batchId, count }: Frame, outputs: number[], type: 'doubles' | 'floats' = 'doubles'): Buffer {
  const elements = type === 'doubles' ? Float64Array.from(outputs) : Float32Array.from(outputs)
  const writer = new FrameWriter().begin(FrameType.REPLY, batchId, count)
  return Buffer.from(writer.column(SectionTag.OUTPUTS, { type, elements }).end())
}

function outputsOf(frame: Frame): number[] {
  const { elements } = frame.column(SectionTag.INPUTS)!
  return Array.from({ length: frame.count }, (_, row) => steady(Array.from(elements.subarray(4 * row, 4 * row + 4))))
}

interface Chance {
  readonly frame: Frame
  /** The right answer. */
  readonly right: Buffer
  send(bytes: Buffer): void
  hangUp(): void
  /** (What came after half an answer would be taken for its other half.) */
  fallSilent(): void
}

/** What may become of a batch instead of its answer. */
const TRICKS: readonly ((chance: Chance) => void)[] = [
  // Slow, so that others overtake it.
  ({ right, send }) => setTimeout(() => send(right), 200 * draw()),
  // Much too late.
  ({ right, send }) => setTimeout(() => send(right), 2_000),
  // Never, while the heart beats.
  () => {},
  ({ frame, send }) => send(replyTo(frame, new Array<number>(frame.count + 1).fill(0))),
  ({ frame, send }) => send(replyTo(frame, new Array<number>(frame.count).fill(Number.NaN))),
  ({ frame, send }) => send(replyTo(frame, new Array<number>(frame.count).fill(7), 'floats')),
  ({ right, send }) => send(Buffer.concat([right, right])),
  ({ send }) => send(Buffer.concat(Array.from({ length: 3_000 }, () => Buffer.from(new FrameWriter().begin(99).end())))),
  ({ send }) => send(Buffer.alloc(5_000, 'noise')),
  ({ right, send, fallSilent }) => {
    send(right.subarray(0, right.length - 5))
    fallSilent()
  },
  ({ right, send }) => {
    const lying = Buffer.from(right)
    lying.writeUInt32LE(0x7000_0000, 16)
    send(lying)
  },
  ({ hangUp }) => hangUp(),
]
const MISCHIEF = 0.04

function live(): void {
  const [host, port] = address!.split(':')
  const socket = connect({ host: host!, port: Number(port) })
  const connection = new Connection(socket)
  connection.trust(MODEL_BODY_BYTES)
  let isMute = false
  const hangUp = () => connection.close('enough')
  const send = (bytes: Buffer) => {
    if (!isMute) connection.write(bytes)
  }
  const fallSilent = () => {
    isMute = true
    setTimeout(hangUp, 500)
  }
  const heart = setInterval(() => send(HEARTBEAT), 500)
  connection.onFrame = (frame) => {
    if (frame.type === FrameType.WELCOME) send(Buffer.from(new FrameWriter().begin(FrameType.READY).json(DESCRIBED).end()))
    if (frame.type !== FrameType.BATCH) return
    const right = replyTo(frame, outputsOf(frame))
    if (draw() >= MISCHIEF) send(right)
    else TRICKS[Math.floor(draw() * TRICKS.length)]!({ right, frame, send, hangUp, fallSilent })
  }
  connection.onClose = () => {
    clearInterval(heart)
    setTimeout(live, AGAIN_MS)
  }
  socket.on('connect', () => connection.send(FrameType.HELLO, { token, maxInFlight: BATCHES_AT_ONCE }))
}

process.once('disconnect', () => process.exit(0))
live()
