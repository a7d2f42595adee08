/** Containers in a few lines, whose every word a test says: what a container may do wrong, it does. */
import type { BatchInputs, ContainerEvents } from '../../serve/containers/container.js'
import type { Elements } from '../../serve/containers/element-types.js'
import type { Limits } from '../../serve/containers/kinds.js'
import { ContainerListener } from '../../serve/containers/listener.js'
import { processHost } from '../../serve/containers/process-host.js'
import { SupervisedContainer } from '../../serve/containers/supervised.js'

/** For who does not want to hear what containers print and how they fare. */
export const SILENT: ContainerEvents = { said: () => {}, ready: () => {}, died: () => {} }

export interface Behaviour {
  /** Source of a function that answers a batch; it may answer nothing. */
  reply?: string
  /** Fields of the hello beside its token, and of the READY beside what is usual. */
  hello?: object
  ready?: object
  /** Source of a frame sent together with the READY, in one write. */
  afterReady?: string
  limits?: Limits
}

/** A container that says it is ready for inputs of one number, then answers batches. */
function programOf({ reply = 'null', hello = {}, ready = {}, afterReady = 'null' }: Behaviour): string {
  const module = (name: string) => JSON.stringify(new URL(`../../serve/containers/${name}.js`, import.meta.url).href)
  const described = { inputType: 'floats', inputSize: 1, outputs: [{ name: 'output', type: 'floats', shape: [] }], ...ready }
  return `
    import { connect } from 'node:net'
    const { Connection } = await import(${module('connection')})
    const { FrameType, FrameWriter, SectionTag } = await import(${module('frames')})
    const { GYMNURA_CONTAINER_ADDRESS: address, GYMNURA_CONTAINER_TOKEN: token } = process.env
    const [host, port] = address.split(':')
    const socket = connect({ host, port: Number(port) })
    const connection = new Connection(socket)
    const answer = (batchId, ...values) =>
      new FrameWriter().begin(FrameType.REPLY, batchId, values.length).column(SectionTag.OUTPUTS, { type: 'floats', elements: Float32Array.from(values) }).end()
    const reply = ${reply}
    const ready = new FrameWriter().begin(FrameType.READY).json(${JSON.stringify(described)}).end()
    const afterReady = ${afterReady}
    connection.onFrame = (frame) => {
      if (frame.type === FrameType.WELCOME) {
        connection.write(Buffer.concat(afterReady ? [ready, afterReady] : [ready]))
        setInterval(() => connection.send(FrameType.HEARTBEAT), 500)
      }
      if (frame.type !== FrameType.BATCH) return
      const frames = reply(frame, new FrameWriter(), SectionTag)
      for (const one of [frames].flat()) if (one) connection.write(Buffer.from(one))
    }
    connection.onClose = () => process.exit(0)
    socket.on('connect', () => connection.send(FrameType.HELLO, { token, ...${JSON.stringify(hello)} }))`
}

export async function withContainer<T>(
  behaviour: Behaviour,
  use: (container: SupervisedContainer, deaths: string[]) => Promise<T>,
): Promise<T> {
  const listener = new ContainerListener()
  const deaths: string[] = []
  const { limits = {} } = behaviour
  const model = { model: 'test:1', artifact: new Uint8Array(8), isolation: 'process', settings: { kind: 'policy', limits } } as const
  const command = { command: process.execPath, args: ['--input-type=module', '-e', programOf(behaviour)] }
  const host = processHost(command, limits, { ...SILENT, listener })
  const container = new SupervisedContainer(model, () => host, { ...SILENT, died: (reason) => deaths.push(reason) })
  try {
    return await use(container, deaths)
  } finally {
    await container.stop()
    await listener.close()
  }
}

/** A batch of so many ones. */
export function batchOf(size: number): BatchInputs {
  return { size, wantsExtras: false, length: size, offsets: () => undefined, gather: (into: Elements) => into.fill(1) }
}

export interface Outcome {
  outputs: number[] | null
  statuses: number[]
  errors: object
  reason?: string
}

export function outcomeOf(container: SupervisedContainer, size: number): Promise<Outcome> {
  return new Promise((resolve) => {
    container.evaluate(batchOf(size), (answer, reason) => {
      const { statuses = [], errors = {} } = answer ?? {}
      resolve({ outputs: answer && [...answer.outputs[0].elements], statuses: [...statuses], errors, reason })
    })
  })
}

/** What a batch of three ones comes to. */
export function evaluateWith(reply: string, ready: object = {}, limits: Limits = {}): Promise<Outcome> {
  return withContainer({ reply, ready, limits }, async (container) => {
    await container.start()
    return outcomeOf(container, 3)
  })
}
