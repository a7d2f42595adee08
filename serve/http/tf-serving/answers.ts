import type { BlockResult } from '../../batching/block.js'
import { jsonRows } from '../../query/json-rows.js'
import type { Signature } from '../../query/signature.js'
import type { Json } from '../../state/state.js'

/** Each output's rows as JSON, in the signature's order. */
type Rows = readonly (readonly Json[])[]

const rowsOf = (result: BlockResult, { outputs }: Signature, size: number): Rows =>
  result.map((column, index) => jsonRows(column, size, outputs[index]!))

/** What `:predict` answers: a model with one output gives its values, one with several gives them by name. */
export function predictAnswer(result: BlockResult, signature: Signature, size: number, format: 'row' | 'column'): object {
  const names = signature.outputs.map(({ name }) => name)
  const outputs = rowsOf(result, signature, size)
  if (format === 'column') {
    return { outputs: names.length === 1 ? outputs[0] : Object.fromEntries(names.map((name, i) => [name, outputs[i]])) }
  }
  if (names.length === 1) return { predictions: outputs[0] }
  const row = (at: number) => Object.fromEntries(names.map((name, i) => [name, outputs[i]![at]]))
  return { predictions: Array.from({ length: size }, (_, at) => row(at)) }
}

/** The output that has a score a class, if the model has one. */
export const classScores = ({ outputs }: Signature) =>
  outputs.findIndex(({ name, shape }) => name === 'probabilities' && shape.length === 1)

/** `[label, score]` a class and row; classes are labelled with their numbers. */
export function classifyAnswer(result: BlockResult, signature: Signature, size: number): object {
  const scores = rowsOf(result, signature, size)[classScores(signature)] as readonly (readonly number[])[]
  return { results: scores.map((row) => row.map((score, label) => [String(label), score])) }
}

/** The output that is one number a row: the critic's value where there is one, else the answer itself. */
export function regressed({ outputs }: Signature): number {
  const value = outputs.findIndex(({ name }) => name === 'value')
  if (value >= 0) return value
  const isNumber = ({ type, shape }: Signature['outputs'][number]) =>
    ['floats', 'doubles', 'integers'].includes(type) && shape.every((side) => side === 1)
  return outputs.findIndex(isNumber)
}

export function regressAnswer(result: BlockResult, signature: Signature, size: number): object {
  return { results: rowsOf(result, signature, size)[regressed(signature)]!.flat() }
}
