/**
 * The serving tier under load and faults. A frontend in a process of its own, with its state in a folder, is asked over every API while
 * it and its containers are killed, paused and lied to. It fails if a query is not answered in time while the frontend lives, an answer
 * is not what the version that it names answers, or something acknowledged is gone after kill -9.
 *
 *     npm run bench -- serve-chaos             10 minutes
 *     npm run bench -- serve-chaos 0.5 42      half a minute, with a seed of your own
 *
 * The seed fixes what is drawn, not how processes interleave.
 */
import { execFileSync } from 'node:child_process'
import { total } from './chaos/report.js'
import { Chaos } from './chaos/run.js'

/** Named by itself only: it takes minutes. */
export const onlyByName = true

/** @param args minutes (default 10) and a seed. Throws where anything was not as it should be. */
export async function run([minutes = '10', seed = '1']: readonly string[] = []): Promise<object> {
  if (!(Number(minutes) > 0) || !Number.isInteger(Number(seed)))
    throw new Error(`serve-chaos takes MINUTES and SEED, two numbers; got ${minutes} and ${seed}`)
  try {
    execFileSync('prlimit', ['--version'])
  } catch {
    throw new Error('serve-chaos fills the disk by prlimit, which is not here; it comes with util-linux')
  }
  const chaos = await Chaos.make(Number(seed), true)
  const report = await chaos.run(60_000 * Number(minutes))
  const { answers, faults, notes, violations, latestMs } = report
  console.table({ ...answers })
  console.table({ ...faults, ...notes })
  const summary = `${total(answers)} answers, ${total(faults)} faults, ${violations.length} violations, seed ${seed}`
  console.log(summary)
  if (violations.length > 0) throw new Error(`${summary}; repeat with: npm run bench -- serve-chaos ${minutes} ${seed}`)
  return {
    minutes: Number(minutes),
    seed: Number(seed),
    answers,
    faults,
    notes,
    violations: 0,
    latestMs: Math.round(latestMs),
    samples: chaos.samples,
  }
}
