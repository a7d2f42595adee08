import type { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { ObjectRef } from '../api/object-ref.js'

/** Where the debugger's protocol and this module hand each other things. */
const PLACE = 'gymnura:live-refs'

/**
 * All refs of this thread that something can still reach, found in V8's heap by its own debugger's protocol (Runtime.queryObjects,
 * which collects garbage first). Refs are made a million times a second, and a list of them would cost each of them more
 * than the rest of its life; so nobody keeps one, and whoever asks pays: some tens of milliseconds. Undefined where node was
 * built without its inspector.
 */
export function liveRefs(): readonly ObjectRef[] | undefined {
  let session: Session
  try {
    const inspector = createRequire(import.meta.url)('node:inspector') as typeof import('node:inspector')
    session = new inspector.Session()
    session.connect()
  } catch {
    return undefined
  }
  const place: { prototype: object; found?: readonly ObjectRef[] } = { prototype: ObjectRef.prototype }
  const shared = globalThis as unknown as Record<string, unknown>
  shared[PLACE] = place
  try {
    const at = `globalThis[${JSON.stringify(PLACE)}]`
    const { result } = ask<{ result: { objectId: string } }>(session, 'Runtime.evaluate', { expression: `${at}.prototype` })
    const { objects } = ask<{ objects: { objectId: string } }>(session, 'Runtime.queryObjects', { prototypeObjectId: result.objectId })
    ask(session, 'Runtime.callFunctionOn', { objectId: objects.objectId, functionDeclaration: `function () { ${at}.found = this }` })
    return place.found
  } catch {
    return undefined
  } finally {
    delete shared[PLACE]
    session.disconnect()
  }
}

/** The answers of a session with one's own thread come before `post` returns. */
function ask<Answer>(session: Session, method: string, params: object): Answer {
  let answer: unknown
  let failure: Error | null = null
  session.post(method, params, (error, result) => {
    failure = error
    answer = result
  })
  if (failure !== null) throw failure
  return answer as Answer
}
