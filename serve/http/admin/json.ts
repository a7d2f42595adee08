import type { ControllerState } from '../../batching/controller.js'
import type { ModelVersion } from '../../registry/model.js'
import type { ApplicationRecord, ModelRecord } from '../../state/state.js'
import { ANY, BOOLEAN, INTEGER, listOf, NUMBER, NUMBERS, object, STRING } from '../schemas.js'

export const containersJson = ({ id, dispatcher }: ModelVersion) =>
  dispatcher.replicas.map(({ ready, pid, restarts, maxBatch, objectiveMs, controller }, replica) => {
    return {
      model_id: id,
      replica,
      ready,
      pid,
      restarts,
      max_batch: maxBatch,
      objective_ms: objectiveMs,
      batching: batchingJson(controller),
    }
  })

/** How batches are sized, and the last tooth of the limit's saw. */
const batchingJson = ({ policy, usualMs, grown, cut, peak, trough }: ControllerState) => ({
  policy,
  usual_ms: usualMs,
  grown,
  cut,
  peak,
  trough,
})

export const applicationJson = (record: ApplicationRecord) => ({
  name: record.name,
  input_type: record.inputType,
  default_output: record.defaultOutput,
  latency_slo_micros: record.sloMs * 1000,
  selection: record.selection,
  confidence_threshold: record.confidenceThreshold,
  reward_range: record.rewardRange,
  overload: record.overload ?? 'default',
  linked_models: record.models,
})

export const modelJson = ({
  name,
  version,
  current,
  isolation,
  replicas,
  inputType,
  inputSize,
  algorithm,
  environmentId,
  settings,
}: ModelRecord) => ({
  model_name: name,
  model_version: version,
  is_current_version: current,
  kind: settings?.kind ?? 'policy',
  input_type: inputType,
  input_size: inputSize,
  isolation,
  replicas,
  algorithm,
  environment_id: environmentId,
})

export const APPLICATION = object({
  name: STRING,
  input_type: STRING,
  default_output: ANY,
  latency_slo_micros: NUMBER,
  selection: ANY,
  confidence_threshold: NUMBER,
  reward_range: NUMBERS,
  overload: STRING,
  linked_models: listOf(STRING),
})
export const MODEL = object({
  model_name: STRING,
  model_version: STRING,
  is_current_version: BOOLEAN,
  kind: STRING,
  input_type: STRING,
  input_size: { type: ['integer', 'null'] },
  isolation: STRING,
  replicas: INTEGER,
  'algorithm?': STRING,
  'environment_id?': STRING,
})
