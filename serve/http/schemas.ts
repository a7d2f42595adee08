import type { Schema } from './route.js'

/** Pieces that the OpenAPI page's descriptions of bodies are put together from. */
export const STRING: Schema = { type: 'string' }
export const NUMBER: Schema = { type: 'number' }
export const INTEGER: Schema = { type: 'integer' }
export const BOOLEAN: Schema = { type: 'boolean' }
export const ANY: Schema = {}
/** Numbers, flat or nested. */
export const NUMBERS = listOf(NUMBER)

export function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

/** An object; fields whose name ends in `?` may be left out. */
export function object(fields: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(fields)
  const required = entries.map(([name]) => name).filter((name) => !name.endsWith('?'))
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    ...(required.length > 0 && { required }),
  }
}

export function oneOf(...schemas: readonly Schema[]): Schema {
  return { oneOf: schemas }
}
