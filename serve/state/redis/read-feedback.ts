import type { FeedbackEntry } from '../state.js'
import { readAddress } from './address.js'
import { loadRedis } from './client.js'
import { KEYS } from './keys.js'
import { Link } from './link.js'

const PAGE = '1000'

/**
 * The entries that are kept in Redis, in the order they were given.
 * @throws ServeError `SERVE_OPTION`, `RUNTIME_MISSING`, `STATE_UNREACHABLE`
 */
export async function* readRedisFeedback(url: string): AsyncGenerator<FeedbackEntry> {
  const link = new Link(await loadRedis(), readAddress(url), { up: async () => {}, down: () => {} })
  await link.open()
  try {
    for (let from = '-'; ; ) {
      const page = (await link.send(['XRANGE', KEYS.feedback, from, '+', 'COUNT', PAGE])) as [id: string, fields: [string, string]][]
      for (const [, [, entry]] of page) yield JSON.parse(entry) as FeedbackEntry
      const last = page.at(-1)
      if (last === undefined) return
      from = `(${last[0]}`
    }
  } finally {
    link.close()
  }
}
