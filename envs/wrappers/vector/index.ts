/** Wrappers of several environments, by Gymnasium's names. */
export { VectorActionWrapper, VectorObservationWrapper, VectorRewardWrapper, VectorWrapper } from '../../vector/vector-wrapper.js'
export { DictInfoToList } from './dict-info-to-list.js'
export { HumanRendering } from './human-rendering.js'
export { NormalizeObservation } from './normalize-observation.js'
export { NormalizeReward } from './normalize-reward.js'
export { RecordEpisodeStatistics } from './record-episode-statistics.js'
export { RecordVideo } from './record-video.js'
export { ClipAction, RescaleAction, TransformAction, VectorizeTransformAction } from './transform-action.js'
export {
  DtypeObservation,
  FilterObservation,
  FlattenObservation,
  GrayscaleObservation,
  RescaleObservation,
  ReshapeObservation,
  ResizeObservation,
  TransformObservation,
  VectorizeTransformObservation,
} from './transform-observation.js'
export { ClipReward, TransformReward, VectorizeTransformReward } from './transform-reward.js'
