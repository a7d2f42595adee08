import type { FastifyInstance } from 'fastify'
import type { Gate } from '../../security/gate.js'
import { type OpenApiDocument, openApiDocument } from './document.js'
import { documentPage } from './page.js'
import type { RouteBook } from './route-book.js'

const TAG = 'Server'
/** The page holds no script, and loads nothing. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** `/openapi.json`, made of the routes themselves, and `/docs`, the same for people. */
export function openApi(app: FastifyInstance, book: RouteBook, gate: Gate): void {
  const made = new Map<boolean, OpenApiDocument>()
  const document = () => {
    const { locked } = gate
    const document = made.get(locked) ?? openApiDocument(book.routes, locked)
    made.set(locked, document)
    return document
  }
  const json = { tag: TAG, summary: 'This description, as OpenAPI 3.1' }
  app.get('/openapi.json', { config: { access: 'open', doc: json } }, async () => document())
  const page = { tag: TAG, summary: 'This description, for people', answerType: 'text/html' }
  app.get('/docs', { config: { access: 'open', doc: page } }, async (_request, reply) => {
    reply.headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY })
    return documentPage(document())
  })
}
