/** What is looked for in the state's folder when all is over. */
import { readFeedback } from 'gymnura/serve'
import { FileState } from '../../../serve/state/embedded.js'
import { USERS, userName } from './asking.js'
import type { World } from './world.js'

/** The application whose bandit counts how often each arm was told a reward. */
const COUNTING = 'pulls'

/** All acknowledged feedback is in the log, once each. */
export async function checkFeedback({ told, tried, report, frontend }: World): Promise<void> {
  const logged = new Map<number, number | undefined>()
  for await (const { queryId, reward } of readFeedback(frontend.folder)) {
    if (logged.has(queryId)) report.violation(`feedback on query ${queryId} is in the log twice`)
    if (!tried.has(queryId)) report.violation(`feedback on query ${queryId} is in the log, but nobody gave it`)
    logged.set(queryId, reward)
  }
  const lost = [...told].filter(([queryId, reward]) => logged.get(queryId) !== reward)
  if (lost.length > 0) report.violation(`lost: feedback on ${lost.length} of ${told.size} queries, such as ${lost[0]}`)
  report.count('notes', 'feedback kept', told.size - lost.length)
}

/** What was acknowledged was learned from, once: a bandit that counts its pulls says how often. */
export async function checkLessons({ lessons, report, frontend }: World): Promise<void> {
  const { told, tried } = lessons.get(COUNTING) ?? { told: 0, tried: 0 }
  const state = await FileState.open(frontend.folder)
  const users = Array.from({ length: USERS }, (_, user) => state.standing(`${COUNTING}/${userName(user)}`).sums)
  await state.close()
  const pulls = users.flatMap((sums) => [...sums.values()]).reduce((sum, [, count]) => sum + count, 0)
  if (pulls < told || pulls > tried)
    report.violation(`lost: ${COUNTING} has learned from ${pulls} rewards; ${told} were acknowledged, ${tried} were sent`)
  report.count('notes', 'rewards learned from, of one application', pulls)
}
