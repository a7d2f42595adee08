import { hasOneField } from '../answer-error.js'
import { packageVersion } from '../package-version.js'
import type { RouteDoc, Schema } from '../route.js'
import { object, STRING } from '../schemas.js'
import type { BookedRoute } from './route-book.js'

const JSON_TYPE = 'application/json'
const DESCRIPTION = `The serving tier of Gymnura: applications answered by models in containers, within a deadline.

Besides the calls below, \`ws://…/{application}/control\` takes a WebSocket for control loops: a message is JSON, \`{"id"?, "input"}\`, and so is its answer.`

/** Open Inference and TensorFlow Serving have one field; the others two, and a code for programs. */
const ERRORS = {
  OneField: object({ error: STRING }),
  Error: object({ error: STRING, 'code?': STRING, cause: STRING }),
}

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

export interface Operation {
  readonly tags: readonly string[]
  readonly summary: string
  readonly operationId: string
  readonly description?: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, object>>
  readonly security?: readonly object[]
}

const TEXT_TYPE = 'text/plain'

const content = (type: string, schema: Schema = {}) => ({ [type]: { schema } })

function contentOf({ answer, answerType = JSON_TYPE, orText = false }: Partial<RouteDoc>): object {
  if (answerType === null) return {}
  const usual = content(answerType, answer ?? (answerType === JSON_TYPE ? {} : STRING))
  return { content: orText ? { ...usual, ...content(TEXT_TYPE, STRING) } : usual }
}

function parametersOf({ path, doc }: BookedRoute) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name: name!, in: 'path', required: true, schema: STRING }))
  const inQuery = Object.entries(doc?.query ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }))
  return [...inPath, ...inQuery]
}

const idOf = ({ method, path }: BookedRoute) => [method.toLowerCase(), ...(path.match(/\w+/g) ?? ['root'])].join('_')

function operationOf(route: BookedRoute, locked: boolean): Operation {
  const { path, access, doc } = route
  const { tag = 'Server', summary = '', body, bodyType = JSON_TYPE } = doc ?? {}
  const error = hasOneField(path) ? 'OneField' : 'Error'
  const parameters = parametersOf(route)
  return {
    tags: [tag],
    summary,
    operationId: idOf(route),
    ...(access === 'admin' && { description: locked ? 'Needs an admin token.' : 'Taken from this machine only.' }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { content: content(bodyType, body) } }),
    responses: {
      200: { description: 'Done', ...contentOf(doc ?? {}) },
      '4XX': { description: 'What was wrong with the call', content: content(JSON_TYPE, { $ref: `#/components/schemas/${error}` }) },
      '5XX': { description: 'What failed here', content: content(JSON_TYPE, { $ref: `#/components/schemas/${error}` }) },
    },
    ...(locked && access !== 'open' && { security: [{ token: [] }] }),
  }
}

/** The OpenAPI 3.1 description of the routes. @param locked whether callers need a token */
export function openApiDocument(routes: readonly BookedRoute[], locked: boolean): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    paths[route.path]![route.method.toLowerCase()] = operationOf(route, locked)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Gymnura', version: packageVersion(), description: DESCRIPTION },
    paths,
    components: { schemas: ERRORS, ...(locked && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }) },
  }
}
