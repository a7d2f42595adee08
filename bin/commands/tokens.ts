import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, columns, print, usageError } from '../output.js'

interface TokensArguments extends ConnectionArguments {
  action: 'list' | 'issue' | 'revoke'
  id: string | undefined
  app: string | undefined
  label: string | undefined
}

export const tokensCommand: Command<TokensArguments> = {
  command: 'tokens [action] [id]',
  describe: 'Issue, list and revoke the tokens that a running server takes',
  builder: (yargs) =>
    connectionFlags(yargs)
      .positional('action', { choices: ['list', 'issue', 'revoke'] as const, default: 'list' as const, describe: 'What to do' })
      .positional('id', { type: 'string', describe: 'Of the token to revoke' })
      .option('app', {
        type: 'string',
        requiresArg: true,
        describe: "issue: the application it opens, or * for all; without it an admin's",
      })
      .option('label', { type: 'string', requiresArg: true, describe: 'issue: whose it is, in words' })
      .example('$0 tokens issue --label me', "an admin's, told this once; from the first one on the server takes calls with a token only")
      .example("$0 tokens issue --app balance --label 'the robot'", 'asks balance, and nothing else'),
  handler: async ({ action, id, app: application, label, json, ...connection }) => {
    if ((action === 'revoke') !== (id !== undefined))
      throw usageError('tokens revoke takes the id of a token, as in: gymnura tokens revoke ID')
    if (action !== 'issue' && (application !== undefined || label !== undefined)) throw usageError('--app and --label go with tokens issue')
    await withClient(connection, async ({ admin }) => {
      if (action === 'issue') {
        const issued = await admin.issueToken({ ...(application !== undefined && { application }), ...(label !== undefined && { label }) })
        print(json, issued, `${issued.token}\nthis is told once; ${issued.id} opens ${opened(issued.application)}`)
      } else if (id !== undefined) {
        await admin.revokeToken(id)
        print(json, { revoked: id }, `${id} opens nothing any more`)
      } else {
        const tokens = await admin.tokens()
        const rows = tokens.map((one) => [one.id, opened(one.application), new Date(one.issuedAt).toISOString().slice(0, 19), one.label])
        print(json, tokens, rows.length > 0 ? columns([['id', 'opens', 'issued (UTC)', 'label'], ...rows]) : 'no tokens were issued here')
      }
    })
  },
}

const opened = (application: string | undefined) =>
  application === undefined ? 'everything' : application === '*' ? 'all applications' : `"${application}"`
