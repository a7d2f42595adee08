import type { FastifyInstance } from 'fastify'
import { checkOptions, refuse } from '../refusals.js'

/** Pages of other origins that may call the query APIs from a browser. */
export interface CorsOptions {
  /** Such as 'https://app.example'; '*' for any. */
  origins: readonly string[] | '*'
}

const ALLOWED_HEADERS = 'authorization, content-type, inference-header-content-length, x-request-id'
const EXPOSED_HEADERS = 'inference-header-content-length, x-request-id, retry-after'
const PREFLIGHT_S = 600

/** Which origins may call; without options none but the server's own. */
export class Cors {
  readonly #origins: ReadonlySet<string> | '*'

  /** @throws ServeError `SERVE_OPTION` */
  constructor(options: CorsOptions | undefined) {
    const { origins } = options === undefined ? { origins: [] } : checkOptions<CorsOptions>('cors', options, ['origins'])
    const isOrigin = (origin: unknown) => typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin
    if (origins !== '*' && !Array.isArray(origins)) refuse('cors.origins', origins, '"*", or an array of origins')
    if (origins !== '*')
      for (const origin of origins) if (!isOrigin(origin)) refuse('an origin of cors', origin, 'one like "https://app.example"')
    this.#origins = origins === '*' ? '*' : new Set(origins)
  }

  allows(origin: string): boolean {
    return this.#origins === '*' || this.#origins.has(origin)
  }

  /** Answers what browsers ask about other origins. Nothing is added where none is allowed. */
  install(app: FastifyInstance): void {
    if (this.#origins !== '*' && this.#origins.size === 0) return
    app.addHook('onRequest', (request, reply, done) => {
      const { origin } = request.headers
      if (origin !== undefined && this.allows(origin)) {
        reply.headers({ 'access-control-allow-origin': origin, vary: 'origin', 'access-control-expose-headers': EXPOSED_HEADERS })
      }
      done()
    })
    app.options('/*', { config: { access: 'open' } }, async (request, reply) => {
      const { origin } = request.headers
      if (origin !== undefined && this.allows(origin)) {
        reply.headers({
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': ALLOWED_HEADERS,
          'access-control-max-age': PREFLIGHT_S,
        })
      }
      return reply.code(204).send()
    })
  }
}
