import type { Logger } from 'pino'
import { ServeError } from './errors.js'
import type { FeedbackDesk, Verdict } from './query/feedback.js'
import type { Ledger } from './registry/ledger.js'
import type { Registry } from './registry/registry.js'
import type { Json, Sharing } from './state/state.js'

interface Parts {
  readonly ledger: Ledger
  readonly registry: Registry
  readonly desk: FeedbackDesk
  readonly log: Logger
}

/** What this frontend makes of what the others say. */
export function sharing({ ledger, registry, desk, log }: Parts): Sharing {
  let refreshing = false
  return {
    changed() {
      if (refreshing) return
      refreshing = true
      // Once it has begun, what is said later asks for another one.
      const began = () => {
        refreshing = false
      }
      ledger.refresh(began).catch((error: unknown) => {
        refreshing = false
        log.warn({ err: error }, 'what other servers changed could not be read; it is tried again')
      })
    },
    learned(key, taught) {
      const slash = key.indexOf('/')
      registry.applications.get(key.slice(0, slash))?.bandit.heard(key.slice(slash + 1), taught)
    },
    missed() {
      for (const { bandit } of registry.applications.values()) bandit.forget()
    },
    async feedback(application, queryId, verdict) {
      const known = registry.applications.get(application)
      if (known === undefined) throw new ServeError('APPLICATION_UNKNOWN', `no application is named "${application}" there`)
      return { ...(await desk.given(known, queryId, verdict as Verdict)) } as Json
    },
    warn: (message) => log.warn(message),
    info: (message) => log.info(message),
  }
}
