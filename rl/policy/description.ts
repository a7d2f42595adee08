import { type Space, type SpaceJSON, spaceFromJSON } from '../../envs/spaces/index.js'
import { KERNELS_BUILD } from '../nn/kernels/index.js'
import type { MlpDescription } from '../nn/mlp.js'
import { PolicyError } from './errors.js'
import type { NormalizerDescription } from './normalizer.js'
import { CHECKPOINT_KEY } from './safetensors.js'

/** The version of `PolicyDescription`; a file with a higher one is refused. */
const FORMAT_VERSION = 1
/** The one key of the safetensors metadata that is Gymnura's. */
export const METADATA_KEY = 'gymnura'

/** What a policy file says besides its tensors: JSON under the metadata key `gymnura`. */
export interface PolicyDescription {
  readonly formatVersion: typeof FORMAT_VERSION
  readonly algorithm: string
  readonly environmentId: string
  readonly observationSpace: SpaceJSON
  readonly actionSpace: SpaceJSON
  /** What happens to an observation before the normaliser, in order. */
  readonly preprocessing: readonly 'flatten'[]
  readonly normalizer: NormalizerDescription | null
  readonly network: { readonly actor: MlpDescription; readonly critic: MlpDescription | null }
  /** How the actor's output becomes an action; `greedyTies`: which of equal logits a deterministic action takes. */
  readonly distribution: { readonly kind: 'categorical'; readonly greedyTies: 'lowest' }
  /** Shape of the recurrent state; null for a policy without memory. */
  readonly recurrentState: readonly number[] | null
  readonly actionMasks: boolean
  /** Which kernels trained it: their arithmetic is part of "the same numbers". */
  readonly kernels: string
  readonly hyperparameters: Readonly<Record<string, unknown>>
  readonly seed: string | null
  readonly steps: number
}

/** The parts of a description that differ from policy to policy, for a network of dense layers over a Discrete space. */
export type OwnDescription = Omit<
  PolicyDescription,
  'formatVersion' | 'preprocessing' | 'distribution' | 'recurrentState' | 'actionMasks' | 'kernels'
>

export function describeCategorical(own: OwnDescription): PolicyDescription {
  return {
    formatVersion: FORMAT_VERSION,
    preprocessing: ['flatten'],
    distribution: { kind: 'categorical', greedyTies: 'lowest' },
    recurrentState: null,
    actionMasks: false,
    kernels: KERNELS_BUILD,
    ...own,
  }
}

/** A description read from a file, with its spaces. */
export interface ParsedDescription {
  readonly description: PolicyDescription
  readonly observationSpace: Space<unknown>
  readonly actionSpace: Space<unknown>
}

/** Layers wider than this are refused: a file must not ask for unbounded memory. */
export const WIDEST_LAYER = 65_536

const ACTIVATIONS = ['tanh', 'relu']

function requireField(holds: boolean, field: string, expected: string, given: unknown): void {
  if (!holds) {
    const shown = JSON.stringify(given)?.slice(0, 80) ?? 'nothing'
    throw new PolicyError('POLICY_INVALID', `the policy's ${field} is ${shown}; expected ${expected}; save the policy again`)
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function isMlp(value: unknown): value is MlpDescription {
  if (!isObject(value)) return false
  const { sizes, activation } = value
  const layers =
    Array.isArray(sizes) && sizes.length >= 2 && sizes.every((size) => Number.isSafeInteger(size) && size > 0 && size <= WIDEST_LAYER)
  return layers && ACTIVATIONS.includes(activation as string)
}

function isNormalizer(value: unknown): value is NormalizerDescription {
  if (!isObject(value)) return false
  const finite = (list: unknown) => Array.isArray(list) && list.every(Number.isFinite)
  const { mean, variance, clip, epsilon } = value
  const lists = finite(mean) && finite(variance) && (mean as number[]).length === (variance as number[]).length
  return lists && (variance as number[]).every((v) => v >= 0) && Number.isFinite(clip) && Number.isFinite(epsilon)
}

function parseSpace(json: unknown, field: string): Space<unknown> {
  try {
    return spaceFromJSON(json)
  } catch (cause) {
    throw new PolicyError('POLICY_INVALID', `the policy's ${field} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Reads the metadata of a policy file. Unknown fields are left alone, so that a newer minor addition doesn't break older readers.
 * @throws PolicyError `POLICY_NOT_GYMNURA`, `POLICY_VERSION` or `POLICY_INVALID`
 */
export function parseDescription(metadata: Readonly<Record<string, string>>): ParsedDescription {
  const text = metadata[METADATA_KEY]
  if (text === undefined) {
    const kind =
      CHECKPOINT_KEY in metadata ? "that is a run's checkpoint (its policy is policy.safetensors beside it)" : 'of another program'
    throw new PolicyError('POLICY_NOT_GYMNURA', `a safetensors file ${kind}, not a policy: its metadata has no key "${METADATA_KEY}"`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new PolicyError('POLICY_INVALID', `the metadata under "${METADATA_KEY}" is no JSON; save the policy again`, { cause })
  }
  if (!isObject(json)) throw new PolicyError('POLICY_INVALID', `the metadata under "${METADATA_KEY}" is no object; save the policy again`)
  const version = json.formatVersion
  if (typeof version === 'number' && version > FORMAT_VERSION) {
    throw new PolicyError(
      'POLICY_VERSION',
      `the policy has format version ${version}, this Gymnura reads up to ${FORMAT_VERSION}; update it`,
    )
  }
  requireField(version === FORMAT_VERSION, 'formatVersion', String(FORMAT_VERSION), version)
  requireField(typeof json.algorithm === 'string', 'algorithm', 'a string', json.algorithm)
  requireField(typeof json.environmentId === 'string', 'environmentId', 'a string', json.environmentId)
  requireField(Number.isSafeInteger(json.steps), 'steps', 'a whole number', json.steps)
  const network = isObject(json.network) ? json.network : {}
  requireField(isMlp(network.actor), 'network.actor', '{ sizes, activation }', network.actor)
  requireField(network.critic === null || isMlp(network.critic), 'network.critic', '{ sizes, activation } or null', network.critic)
  requireField(json.normalizer === null || isNormalizer(json.normalizer), 'normalizer', 'finite moments or null', json.normalizer)
  const kind = isObject(json.distribution) ? json.distribution.kind : undefined
  requireField(kind === 'categorical', 'distribution.kind', '"categorical"', kind)
  return {
    description: json as unknown as PolicyDescription,
    observationSpace: parseSpace(json.observationSpace, 'observationSpace'),
    actionSpace: parseSpace(json.actionSpace, 'actionSpace'),
  }
}
