import type { FastifyInstance } from 'fastify'
import type { TokenDesk } from '../../security/token-desk.js'
import type { IssuedToken, ListedToken } from '../../security/token-issue.js'
import { parseBody, textOf } from '../json-body.js'
import type { Schema } from '../route.js'
import { INTEGER, listOf, object, STRING } from '../schemas.js'
import { field } from './fields.js'

const FIELDS = { id: STRING, label: STRING, 'application?': STRING, issued_at: INTEGER }
const TOKEN = object(FIELDS)

const tokenJson = ({ id, label, application, issuedAt }: ListedToken) => ({
  id,
  label,
  ...(application !== undefined && { application }),
  issued_at: issuedAt,
})
const issuedJson = (issued: IssuedToken) => ({ ...tokenJson(issued), token: issued.token })

/** Tokens are issued, listed and revoked under `/admin/`. A token itself is in no answer but the one that issues it. */
export function tokenRoutes(admin: FastifyInstance, desk: TokenDesk): void {
  const config = (summary: string, body: Schema, answer: Schema) =>
    ({ config: { access: 'admin', doc: { tag: 'Admin', summary, body, answer } } }) as const
  const issue = config(
    "Issues a token: an application's, or without one an admin's",
    object({ 'application?': STRING, 'label?': STRING }),
    object({ ...FIELDS, token: STRING }),
  )
  admin.post('/issue_token', issue, async (request) => {
    const { application, label } = parseBody(textOf(request) || '{}', '{"application": ..., "label": ...}')
    return issuedJson(await desk.issue({ application: application as string | undefined, label: label as string | undefined }))
  })
  const list = config('The tokens that were issued, without their secrets', object({}), listOf(TOKEN))
  admin.post('/get_all_tokens', list, async () => desk.list().map(tokenJson))
  const revoke = config('Revokes a token', object({ id: STRING }), { type: 'string', const: 'Success!' })
  admin.post('/revoke_token', revoke, async (request) => {
    await desk.revoke(field(parseBody(textOf(request), '{"id": ...}'), 'id', 'string'))
    return 'Success!'
  })
}
