import type { Host, HostEvents, StartHost } from './host.js'
import type { ContainerListener } from './listener.js'
import type { Wire } from './wire.js'

/** Waits for a container that somebody else starts, on any machine that reaches the server's container address; it shows the token with this digest. */
export function externalHost(tokenDigest: string, listener: ContainerListener): StartHost {
  return (events) => new ExternalHost(tokenDigest, listener, events)
}

class ExternalHost implements Host {
  readonly pid = undefined
  readonly isAwaited = true
  readonly lastWords = ''
  readonly #forget: () => void
  readonly #events: HostEvents
  #wire: Wire | undefined
  #gone = false

  constructor(tokenDigest: string, listener: ContainerListener, events: HostEvents) {
    this.#events = events
    const expected = listener.expect(
      {
        arrived: (wire, maxInFlight) => {
          this.#wire = wire
          events.arrived(wire, maxInFlight)
        },
        refused: events.refused,
      },
      tokenDigest,
    )
    this.#forget = expected.forget
  }

  leave(): void {
    this.kill()
  }

  /** Nothing of it runs here: once its connection is closed it is gone. */
  kill(): void {
    if (this.#gone) return
    this.#gone = true
    this.#forget()
    this.#wire?.end()
    queueMicrotask(() => this.#events.gone('was let go'))
  }
}
