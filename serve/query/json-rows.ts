import type { OutputDescription } from '../containers/container.js'
import { type Column, sizeOf } from '../containers/element-types.js'
import { ServeError } from '../errors.js'
import type { Json } from '../state/state.js'
import { NoValue, valueAt } from './prediction.js'

/** Flat values, nested as a shape says. */
function nested(values: readonly Json[], shape: readonly number[]): Json {
  if (shape.length <= 1) return values
  const [, ...inner] = shape
  const step = sizeOf(inner)
  const parts = Array.from({ length: values.length / step }, (_, i) => values.slice(i * step, (i + 1) * step))
  return parts.map((part) => nested(part, inner))
}

/** One of a model's outputs, a JSON value a row. @throws ServeError `MODEL_FAILED` for what JSON does not have */
export function jsonRows(column: Column, size: number, output: OutputDescription): Json[] {
  try {
    return Array.from({ length: size }, (_, row) => {
      const value = valueAt(column, row, size, output)
      return Array.isArray(value) ? nested(value, output.shape) : value
    })
  } catch (error) {
    if (!(error instanceof NoValue)) throw error
    throw new ServeError('MODEL_FAILED', `${output.name}: ${error.message}`)
  }
}
