/**
 * The program that the Python package `gymnura_gymnasium` starts: environments for Gymnasium, over two pipes that it inherits, whose
 * descriptors are its arguments: the first gives requests, the second takes answers. One process holds all environments of a Python process, by number. It ends with the pipe.
 */

import { nodeModule } from '../host.js'
import { Env, make as makeEnv, makeVec, type RenderFrame, registry, type VectorEnv, type VectorizationMode } from '../index.js'
import { setWarningHandler } from '../logger.js'
import type { DtypeArray } from '../spaces/index.js'
import { bodyLengths, decodeBody, encodeFrame, HEADER_BYTES } from './wire.js'

const [REQUESTS, ANSWERS] = (globalThis.process?.argv ?? []).slice(2).map(Number) as [number, number]

type Vectors = VectorEnv<DtypeArray>
type Fields = Record<string, unknown>

const fs = nodeModule('node:fs', 'the server of gymnura_gymnasium')
const envs = new Map<number, Env | Vectors>()
let lastNumber = 0

function read(count: number): Uint8Array | null {
  const bytes = new Uint8Array(count)
  for (let at = 0; at < count; ) {
    const got = fs.readSync(REQUESTS, bytes, at, count - at, null)
    if (got === 0) return null
    at += got
  }
  return bytes
}

function write(value: unknown): void {
  const frame = encodeFrame(value)
  for (let at = 0; at < frame.length; ) at += fs.writeSync(ANSWERS, frame, at)
}

/** Everything registered, as Gymnasium's `register` wants to know it. */
function list(): unknown {
  return [...registry.values()]
    .filter((spec) => spec.entryPoint !== null)
    .map(({ id, maxEpisodeSteps, rewardThreshold, nondeterministic }) => ({ id, maxEpisodeSteps, rewardThreshold, nondeterministic }))
}

/** The environment itself: limits and checks are Gymnasium's there. Several with `numEnvs`: the kernel where there is one. */
function make({ id, kwargs, renderMode, numEnvs, autoresetMode, maxEpisodeSteps }: Fields): unknown {
  const options = { ...(kwargs as Fields), renderMode: renderMode as string | null }
  const env = numEnvs === null ? makeEnv(id as string, { ...options, disableEnvChecker: true }).unwrapped : several()
  envs.set(++lastNumber, env)
  const vector = env instanceof Env ? null : env
  return {
    number: lastNumber,
    observationSpace: (env instanceof Env ? env.observationSpace : env.singleObservationSpace).toJSON(),
    actionSpace: (env instanceof Env ? env.actionSpace : env.singleActionSpace).toJSON(),
    renderModes: [...env.metadata.renderModes],
    renderFps: env.metadata.renderFps ?? null,
    numEnvs: vector?.numEnvs ?? null,
  }

  function several(): Vectors {
    const vectorizationMode: VectorizationMode = registry.get(id as string)?.nativeEntryPoint ? 'native' : 'sync'
    return makeVec<DtypeArray>(id as string, {
      ...options,
      numEnvs: numEnvs as number,
      autoresetMode: autoresetMode as 'next-step',
      vectorizationMode,
      maxEpisodeSteps: (maxEpisodeSteps as number | null) ?? -1,
    })
  }
}

function at(number: unknown): Env | Vectors {
  const env = envs.get(number as number)
  if (env === undefined) throw new Error(`environment ${number} was closed`)
  return env
}

function reset({ number, seed, options, mask }: Fields): unknown {
  const env = at(number)
  const given = (options ?? {}) as Fields
  if (env instanceof Env) return env.reset({ seed: (seed as number | null) ?? undefined, options: given })
  return env.reset({ seed: seed as number | null, options: mask === null ? given : { ...given, resetMask: mask as Uint8Array } })
}

function step({ number, action }: Fields): unknown {
  const env = at(number)
  return env instanceof Env ? env.step(action) : env.step(action as DtypeArray)
}

function render({ number }: Fields): unknown {
  return at(number).render() as RenderFrame | RenderFrame[] | null
}

function close({ number }: Fields): unknown {
  at(number).close()
  envs.delete(number as number)
  return null
}

const OPERATIONS: Record<string, (request: Fields) => unknown> = { list, make, reset, step, render, close }

function answer(request: Fields): unknown {
  try {
    return { ok: OPERATIONS[request.op as string]!(request) }
  } catch (error) {
    const { code, message, name, stack } = error as Error & { code?: string }
    return { error: message, type: code ?? name, traceback: stack ?? '' }
  }
}

// Gymnasium warns of these itself.
setWarningHandler(() => {})
for (;;) {
  const header = read(HEADER_BYTES)
  if (header === null) break
  const [textLength, byteLength] = bodyLengths(header)
  const body = read(textLength + byteLength)
  if (body === null) break
  write(answer(decodeBody(body, textLength) as Fields))
}
