/**
 * What can go wrong in serving. `code` is for programs, `status` is what HTTP answers, the message says what was given,
 * what was expected and what to do.
 *
 * | code | status | meaning |
 * | --- | --- | --- |
 * | `SERVE_OPTION` | 400 | an option of serve, registerApplication, publish or link is unknown or out of range |
 * | `SERVE_PORT_IN_USE` | 500 | another program listens on the port |
 * | `SERVE_LISTEN` | 500 | the address cannot be listened on for another reason |
 * | `SERVE_HOST_REFUSED` | 403 | an address beyond loopback, which needs tokens; or a foreign Host header on an admin call |
 * | `SERVE_CLOSED` | 503 | the server is closing or closed |
 * | `STATE_IN_USE` | 409 | another server has the state's folder |
 * | `STATE_UNREACHABLE` | 503 | the state that frontends share cannot be reached now; the message says whether something may have changed |
 * | `STATE_FOLDER` | 500 | the state's folder cannot be made, read or written |
 * | `STATE_WRITE` | 507 | what was asked could not be kept, so it was not done: the disk is full, or fails |
 * | `APPLICATION_UNKNOWN` | 404 | no application has this name |
 * | `APPLICATION_EXISTS` | 409 | the name is taken |
 * | `MODEL_UNKNOWN` | 404 | no model has this name |
 * | `MODEL_VERSION_UNKNOWN` | 400 | the model has no such version |
 * | `MODEL_VERSION_EXISTS` | 409 | versions are immutable: publish under another one |
 * | `MODEL_IN_USE` | 409 | the version answers queries: it cannot be deleted |
 * | `LINK_UNKNOWN` | 404 | the application has no such link |
 * | `MODEL_SHAPE` | 409 | the model's inputs differ from those of the models beside it |
 * | `MODEL_REFUSED` | 400 | the container could not load the policy |
 * | `MODEL_FILE` | 400 | the policy file cannot be read |
 * | `CONTAINER_FAILED` | 500 | the container did not start, died, or broke the protocol |
 * | `CONTAINER_UNKNOWN` | 404 | the model version has no such replica |
 * | `MODEL_FAILED` | 500 | the model, or its container, failed on an input for which there is no default |
 * | `MODEL_LATE` | 504 | the model did not answer a block of rows in time |
 * | `OVERLOADED` | 503 | too much waits to be answered in time; try again after a while (`retryAfterS`, where it is known) |
 * | `QUERY_INVALID` | 400 | a query's body is malformed; the message begins with the field's path |
 * | `PATH_UNKNOWN` | 404 | nothing is served at this path |
 * | `TOKEN_MISSING` | 401 | the server takes calls with a token, and the call has none that it knows |
 * | `TOKEN_REFUSED` | 403 | the token is not for this call |
 * | `TOKEN_UNKNOWN` | 404 | no token with this id was issued |
 * | `TOKEN_LAST` | 409 | the only admin token cannot be revoked |
 * | `RATE_LIMITED` | 429 | more requests than the server's rateLimit; `retryAfterS` says when to come again |
 * | `KIND_NOT_ALLOWED` | 403 | a model of this kind runs code, which `serve` was not told to allow |
 * | `RUNTIME_MISSING` | 501 | the package or program that runs this kind of model is not installed |
 * | `BODY_ENCODING` | 415 | the body is compressed |
 * | `BODY_TOO_LARGE` | 413 | the body is larger than the server's maxBodyBytes or maxBinaryBytes |
 * | `REQUEST_REFUSED` | – | (client) the server answered with an error; `status` is the one it gave |
 * | `SERVER_UNREACHABLE` | – | (client) no connection, or it broke |
 */
const STATUS = {
  SERVE_OPTION: 400,
  SERVE_PORT_IN_USE: 500,
  SERVE_LISTEN: 500,
  SERVE_HOST_REFUSED: 403,
  SERVE_CLOSED: 503,
  STATE_IN_USE: 409,
  STATE_FOLDER: 500,
  STATE_WRITE: 507,
  STATE_UNREACHABLE: 503,
  APPLICATION_UNKNOWN: 404,
  APPLICATION_EXISTS: 409,
  MODEL_UNKNOWN: 404,
  MODEL_VERSION_UNKNOWN: 400,
  MODEL_VERSION_EXISTS: 409,
  MODEL_IN_USE: 409,
  LINK_UNKNOWN: 404,
  MODEL_SHAPE: 409,
  MODEL_REFUSED: 400,
  MODEL_FILE: 400,
  CONTAINER_FAILED: 500,
  CONTAINER_UNKNOWN: 404,
  MODEL_FAILED: 500,
  MODEL_LATE: 504,
  OVERLOADED: 503,
  QUERY_INVALID: 400,
  PATH_UNKNOWN: 404,
  TOKEN_MISSING: 401,
  TOKEN_REFUSED: 403,
  TOKEN_UNKNOWN: 404,
  TOKEN_LAST: 409,
  RATE_LIMITED: 429,
  KIND_NOT_ALLOWED: 403,
  RUNTIME_MISSING: 501,
  BODY_ENCODING: 415,
  BODY_TOO_LARGE: 413,
  REQUEST_REFUSED: 400,
  SERVER_UNREACHABLE: 503,
} as const

export type ServeErrorCode = keyof typeof STATUS

export class ServeError extends Error {
  override readonly name = 'ServeError'
  readonly code: ServeErrorCode
  /** The HTTP status that goes with it. */
  readonly status: number
  /** Of `OVERLOADED` and `RATE_LIMITED`: seconds after which it may be tried again. */
  readonly retryAfterS: number | undefined

  constructor(code: ServeErrorCode, message: string, options?: ErrorOptions & { status?: number; retryAfterS?: number }) {
    super(message, options)
    this.code = code
    this.status = options?.status ?? STATUS[code]
    this.retryAfterS = options?.retryAfterS
  }
}
