import type { FastifyInstance } from 'fastify'
import type { Access, RouteDoc } from '../route.js'

/** A route as the OpenAPI page tells of it. */
export interface BookedRoute {
  readonly method: string
  /** With parameters in braces. */
  readonly path: string
  readonly access: Access
  /** undefined: nobody has said what it does. */
  readonly doc: RouteDoc | undefined
}

/** `/v1/models/:model(^[^:/]+)::predict` as OpenAPI writes it: `/v1/models/{model}:predict`. */
export const pathOf = (url: string) =>
  url
    .split('::')
    .map((part) => part.replace(/:(\w+)(\(\^\[\^:\/\]\+\))?/g, '{$1}'))
    .join(':')

/** Every route of a server, written down as it is made. */
export class RouteBook {
  readonly routes: BookedRoute[] = []

  /** Make it before the routes. */
  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) {
        if (one !== 'OPTIONS') this.routes.push({ method: one, path: pathOf(url), access: config?.access ?? 'admin', doc: config?.doc })
      }
    })
  }
}
