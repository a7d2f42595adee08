import { describe } from '../api/errors.js'

export type CallMessage =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: 'answer'; readonly id: number; readonly failed: boolean; readonly value: unknown }

type Answer = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }

/** Calls of named functions in the other process, and the other's calls here. */
export class Calls {
  private readonly open = new Map<number, Answer>()
  private next = 1

  constructor(
    private readonly send: (message: CallMessage) => void,
    private readonly run: (name: string, args: readonly unknown[]) => unknown,
  ) {}

  call(name: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.next++
      this.open.set(id, { resolve, reject })
      try {
        this.send({ kind: 'call', id, name, args })
      } catch (error) {
        this.open.delete(id)
        reject(error)
      }
    })
  }

  handle(message: CallMessage): void {
    if (message.kind === 'call') {
      void this.answer(message.id, message.name, message.args)
      return
    }
    const answer = this.open.get(message.id)
    this.open.delete(message.id)
    if (message.failed) answer?.reject(asError(message.value))
    else answer?.resolve(message.value)
  }

  private async answer(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      this.send({ kind: 'answer', id, failed: false, value: await this.run(name, args) })
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(describe(error))
      this.send({ kind: 'answer', id, failed: true, value: { name, message, stack } })
    }
  }
}

/** With its name and stack as properties of its own: that is what a port carries on. */
function asError(value: unknown): Error {
  const { name, message, stack } = value as Error
  return Object.assign(new Error(message), { name, stack })
}
