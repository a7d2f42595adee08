/**
 * The prediction tier: applications, models in containers, adaptive batching, a prediction cache, and an answer before every
 * deadline, after Clipper (Crankshaw et al., NSDI'17).
 *
 * @example
 * const server = await serve({ port: 8080 })
 * await server.publish('cartpole', 'cartpole.safetensors')
 * const { output } = await connect(server.url).predict('cartpole', [0, 0, 0, 0])
 */

export type { Admin } from './client/admin.js'
export type { Client, ConnectOptions, FeedbackOptions, PredictOptions } from './client/client.js'
export { connect, type NodeConnectOptions } from './client/connect.js'
export type { ControlLoop } from './client/control.js'
export type { Input } from './client/input.js'
export type { ListedContainer, ListedModel } from './client/listings.js'
export type { LogLine, LogsOptions } from './client/logs.js'
export type { PredictResult, Published } from './client/results.js'
export { type ContainerOptions, runContainer } from './containers/run-container.js'
export { ServeError, type ServeErrorCode } from './errors.js'
export type { CorsOptions } from './http/cors.js'
export type { ApplicationMetrics, ArmMetrics, ModelMetrics, ServeMetrics } from './metrics.js'
export type { FeedbackResult } from './query/feedback.js'
export { quantileOf } from './query/latencies.js'
export { type ModelFunction, type ModelSource, readModel } from './registry/model-source.js'
export type { ApplicationOptions } from './registry/options.js'
export type { PublishOptions } from './registry/publish-options.js'
export type { RateLimitOptions } from './security/rate-limit.js'
export type { TlsOptions } from './security/tls.js'
export type { IssuedToken, IssueTokenOptions, ListedToken } from './security/token-issue.js'
export type { TokenOptions } from './security/tokens.js'
export type { SelectionOption } from './selection/policies.js'
export type { ServeOptions } from './serve-options.js'
export { type Server, serve } from './server.js'
export { readFeedback } from './state/feedback-log.js'
export type { ApplicationRecord, FeedbackEntry, Json, ModelRecord } from './state/state.js'
