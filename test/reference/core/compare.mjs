// Runs the twins of Ray's behaviours and compares their answers with those that Ray gave just now (the file given).
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { answerOf, begin, behaviours, end, expected } from '../../../dist/test/core/twins/all.js'
import { differences } from '../../../dist/test/core/twins/differences.js'

const { ray: version, answers } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
// Where Ray could not answer now (it aborts at times, or a busy machine makes it late), what it answered before counts.
const { answers: golden } = JSON.parse(readFileSync(new URL('../../golden/core/ray.json', import.meta.url), 'utf8'))
for (const [title, answer] of Object.entries(answers)) {
  if (typeof answer?.broken !== 'string') continue
  console.log(`Ray did not answer: ${title} (${answer.broken}); compared with its golden answer`)
  answers[title] = golden[title]
}
const problems = []
let passed = 0
await begin()
for (const title of new Set([...Object.keys(answers), ...Object.keys(behaviours)])) {
  if (!(title in answers)) problems.push(`${title}: Ray was not asked`)
  else if (!(title in behaviours)) problems.push(`${title}: has no twin`)
  else {
    const ours = await answerOf(title)
    try {
      const wanted = expected(title, answers[title])
      if (isDeepStrictEqual(ours, wanted)) passed++
      else
        problems.push(
          `${title}\n  Ray:  ${JSON.stringify(answers[title])}\n  ours: ${JSON.stringify(ours)}\n  expected: ${JSON.stringify(wanted)}`,
        )
    } catch (error) {
      problems.push(`${title}: ${error.message}`)
    }
  }
}
await end()
for (const problem of problems) console.log(problem)
console.log(`behaviours of Ray ${version}; ${Object.keys(differences).length} of them differ on purpose (test/core/twins/differences.ts)`)
console.log(`${passed} passed, ${problems.length} failed`)
process.exitCode = problems.length > 0 ? 1 : 0
