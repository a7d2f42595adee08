import type { FastifyReply, FastifyRequest } from 'fastify'

/** Who may call a route where tokens are needed: anyone, who may ask the application or model that it names, or an admin. */
export type Access = 'open' | 'application' | 'admin'

/** JSON Schema, as far as the OpenAPI page uses it. */
export type Schema = Readonly<Record<string, unknown>>

/** What the OpenAPI page says about a route; its path and method come from the route itself. */
export interface RouteDoc {
  /** The API it belongs to. */
  readonly tag: string
  readonly summary: string
  /** Query parameters by name. */
  readonly query?: Readonly<Record<string, Schema>>
  readonly body?: Schema
  /** Where it is not JSON. */
  readonly bodyType?: string
  /** Of a 200. */
  readonly answer?: Schema
  /** Where it is not JSON; null where it has no body. */
  readonly answerType?: string | null
  /** It may be a text, too. */
  readonly orText?: boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** 'admin' where nothing is said. */
    access?: Access
    doc?: RouteDoc
    /** Answered thousands of times a second: no headers but those it needs. */
    lean?: boolean
  }
}

/** The application, or model, that a request is about. */
export function nameIn({ params }: FastifyRequest): string | undefined {
  const { application, model } = (params ?? {}) as { application?: string; model?: string }
  return application ?? model
}

/** A hook in the style that costs least. */
export type Hook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** A hook of a check that throws. */
export const checking =
  (check: (request: FastifyRequest) => void): Hook =>
  (request, _reply, done) => {
    try {
      check(request)
    } catch (error) {
      done(error as Error)
      return
    }
    done()
  }

/** A type that is none ("json", say) would be refused before the body is read; what a body is, its route knows. */
export const ignoreContentType: Hook = ({ raw }, _reply, done) => {
  raw.headers['content-type'] = 'application/json'
  done()
}
