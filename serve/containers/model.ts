import { type BatchReply, ITEM_FAILED, ITEM_OK, type ModelDescription, type OutputDescription } from './container.js'
import { type Column, itemOf, makeElements, sizeOf, varies } from './element-types.js'
import { wrongColumn } from './replies.js'

/** A model that is loaded and answers batches: what a kind's file makes, wherever it runs. */
export interface LoadedModel {
  readonly description: ModelDescription
  /** Batches it takes before it has answered the first; default 1. */
  readonly maxInFlight?: number
  /** Whether it is done with a batch's inputs when `evaluate` returns, so that they need not be copied for it. */
  readonly isSynchronous?: boolean
  /**
   * Answers a batch of `size` items with all of the outputs where `wantsExtras`, else the first alone. What it returns must stay until the
   * next call. Throws (or rejects) where the batch as a whole fails: its items are then tried one by one.
   */
  evaluate(inputs: Column, size: number, wantsExtras: boolean): BatchReply | Promise<BatchReply>
  close?(): void
}

/**
 * One input the model throws on does not spoil the others of its batch; and a model whose outputs do not fit a batch (it sums over it, say)
 * is asked one by one.
 */
export function evaluate(model: LoadedModel, inputs: Column, size: number, wantsExtras: boolean): BatchReply | Promise<BatchReply> {
  try {
    const reply = model.evaluate(inputs, size, wantsExtras)
    if (!(reply instanceof Promise)) return fitting(model, reply, size)
    return reply.then((late) => fitting(model, late, size)).catch((error) => evaluateEach(model, inputs, size, wantsExtras, error))
  } catch (error) {
    return evaluateEach(model, inputs, size, wantsExtras, error)
  }
}

/** @throws Error for a reply that is not one to so many items */
function fitting({ description }: LoadedModel, reply: BatchReply, size: number): BatchReply {
  for (const [index, column] of reply.outputs.entries()) {
    const wrong = wrongColumn(column, size, description.outputs[index]!)
    if (wrong !== undefined) throw new Error(wrong)
  }
  return reply
}

async function evaluateEach(model: LoadedModel, inputs: Column, size: number, wantsExtras: boolean, error: unknown): Promise<BatchReply> {
  const replies: (BatchReply | string)[] = []
  for (let item = 0; item < size; item++) {
    if (size === 1) replies.push(messageOf(error))
    else replies.push(await evaluateOne(model, { type: inputs.type, elements: itemOf(inputs, item, size) }, wantsExtras))
  }
  return joinReplies(replies, wantsExtras ? model.description.outputs : model.description.outputs.slice(0, 1))
}

async function evaluateOne(model: LoadedModel, { type, elements }: Column, wantsExtras: boolean): Promise<BatchReply | string> {
  try {
    const reply = fitting(model, await model.evaluate({ type, elements, offsets: Uint32Array.of(0, elements.length) }, 1, wantsExtras), 1)
    // It may be overwritten by the next call.
    return { ...reply, outputs: reply.outputs.map((column) => ({ ...column, elements: column.elements.slice() })) }
  } catch (error) {
    return messageOf(error)
  }
}

/** One reply of many, each of one item, or why there is none. */
export function joinReplies(replies: readonly (BatchReply | string)[], described: readonly OutputDescription[]): BatchReply {
  const statuses = new Uint8Array(replies.length)
  const errors: Record<number, string> = {}
  for (const [item, reply] of replies.entries()) {
    const failed = typeof reply === 'string' ? reply : reply.statuses?.[0] ? reply.errors?.[0] : undefined
    statuses[item] = failed === undefined ? ITEM_OK : ITEM_FAILED
    if (failed !== undefined) errors[item] = failed
  }
  const outputs = described.map((output, index) => {
    const nothing = makeElements(output.type, varies(output) ? 0 : sizeOf(output.shape))
    const parts = replies.map((reply) => (typeof reply === 'string' ? nothing : reply.outputs[index]!.elements))
    return joinItems(output, parts)
  })
  return { outputs, statuses, errors }
}

/** A column of items that lie apart. */
export function joinItems(output: Pick<OutputDescription, 'type' | 'shape'>, parts: readonly ArrayLike<number>[]): Column {
  const { type } = output
  const offsets = new Uint32Array(parts.length + 1)
  for (const [item, part] of parts.entries()) offsets[item + 1] = offsets[item]! + part.length
  const elements = makeElements(type, offsets[parts.length]!)
  for (const [item, part] of parts.entries()) elements.set(part, offsets[item])
  return varies(output) ? { type, elements, offsets } : { type, elements }
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
