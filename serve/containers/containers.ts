import { fileURLToPath } from 'node:url'
import type { Container, ContainerEvents } from './container.js'
import { externalHost } from './external-host.js'
import type { StartHost } from './host.js'
import { imageCommand } from './image.js'
import { InlineContainer } from './inline.js'
import type { ContainerModel } from './life.js'
import type { ContainerListener } from './listener.js'
import { type ContainerCommand, processHost } from './process-host.js'
import { pythonCommand } from './python.js'
import { SupervisedContainer } from './supervised.js'
import { threadHost } from './thread-host.js'

const NODE_MAIN = fileURLToPath(new URL('./container-main.js', import.meta.url))

/** One more container of a model, not started. */
export function makeContainer(model: ContainerModel, listener: ContainerListener, events: ContainerEvents): Container {
  if (model.isolation === 'inline') return new InlineContainer(model)
  return new SupervisedContainer(model, () => hostOf(model, listener, events.said), events)
}

async function hostOf(model: ContainerModel, listener: ContainerListener, said: ContainerEvents['said']): Promise<StartHost> {
  const { kind, limits, tokenDigest } = model.settings
  if (model.isolation === 'thread') return threadHost(limits, said)
  if (kind !== 'external') return processHost(commandOf(model), limits, { listener, said })
  await listener.address()
  return externalHost(tokenDigest!, listener)
}

function commandOf({ artifact, settings }: ContainerModel): ContainerCommand {
  if (settings.kind === 'python') return pythonCommand(settings)
  if (settings.kind === 'image') return imageCommand(Buffer.from(artifact).toString(), settings, settings.limits)
  const { memoryMB } = settings.limits
  const heap = memoryMB === undefined ? [] : [`--max-old-space-size=${Math.ceil(memoryMB)}`]
  return { command: process.execPath, args: [...heap, NODE_MAIN], inheritsSocket: true }
}
