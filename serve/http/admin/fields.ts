import type { FastifyRequest } from 'fastify'
import { INPUT_TYPES, type InputType } from '../../containers/element-types.js'
import { ServeError } from '../../errors.js'
import { refuse, shown } from '../../refusals.js'
import { type ApplicationOptions, isSlo, LONGEST_SLO_MS } from '../../registry/options.js'
import type { Json } from '../../state/state.js'
import { type Body, parseBody, textOf } from '../json-body.js'

/** The lists' only field; their body may be left out. */
export const isVerbose = (request: FastifyRequest) => parseBody(textOf(request) || '{}', '{"verbose": true}').verbose === true

export function field<T extends 'string' | 'number'>(body: Body, name: string, type: T): T extends 'string' ? string : number {
  const value = body[name]
  if (typeof value === type) return value as T extends 'string' ? string : number
  throw new ServeError('QUERY_INVALID', `${name}: expected a ${type}, got ${shown(value)}`)
}

export function stringList(body: Body, name: string): string[] {
  const value = body[name]
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value
  throw new ServeError('QUERY_INVALID', `${name}: expected an array of strings, got ${shown(value)}`)
}

/** A version as a string or a whole number, checked where it is looked up. */
export function versionOf({ model_version: version }: Body): string {
  if (typeof version === 'string' || Number.isSafeInteger(version)) return String(version)
  throw new ServeError('QUERY_INVALID', `model_version: expected a string or a whole number, got ${shown(version)}`)
}

/** Checked here where the wire's names or units are others than the options'. */
export function applicationOf(body: Body): ApplicationOptions {
  const name = field(body, 'name', 'string')
  const { input_type = 'floats', default_output, latency_slo_micros: micros, selection, confidence_threshold, reward_range } = body
  if (!INPUT_TYPES.includes(input_type as InputType)) refuse('input_type', input_type, INPUT_TYPES.join(', '))
  if (default_output === undefined) refuse('default_output', default_output, 'a JSON value')
  const sloMs = micros === undefined ? undefined : field(body, 'latency_slo_micros', 'number') / 1000
  if (sloMs !== undefined && !isSlo(sloMs)) refuse('latency_slo_micros', micros, `more than 0, up to ${1000 * LONGEST_SLO_MS}`)
  // What these hold is checked with the options.
  return {
    name,
    inputType: input_type as InputType,
    overload: body.overload as ApplicationOptions['overload'],
    defaultOutput: default_output as Json,
    sloMs,
    selection: selection as ApplicationOptions['selection'],
    confidenceThreshold: confidence_threshold as number | undefined,
    rewardRange: reward_range as [number, number] | undefined,
  }
}
