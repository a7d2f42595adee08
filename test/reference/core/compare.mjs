// Compares the answers of Ray's behaviours and of their twins, both given just now.
//   compare.mjs --ours FILE      runs the twins and writes their answers
//   compare.mjs RAY OURS         compares the two files; the last line is `N passed, N failed`
import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { answerOf, begin, behaviours, end, expected } from '../../../dist/test/core/twins/all.js'
import { differences } from '../../../dist/test/core/twins/differences.js'

const read = (file) => JSON.parse(readFileSync(file, 'utf8'))

async function answerAll(file) {
  const answers = {}
  await begin()
  for (const title of Object.keys(behaviours)) answers[title] = await answerOf(title)
  await end()
  writeFileSync(file, JSON.stringify(answers))
}

/** What is wrong with an answer, if anything is. */
function problemOf(title, theirs, ours) {
  if (!(title in theirs)) return 'Ray was not asked'
  if (!(title in ours)) return 'has no twin'
  const told = `\n  Ray:  ${JSON.stringify(theirs[title])}\n  ours: ${JSON.stringify(ours[title])}`
  try {
    const wanted = expected(title, theirs[title])
    return isDeepStrictEqual(ours[title], wanted) ? undefined : `${told}\n  expected: ${JSON.stringify(wanted)}`
  } catch (error) {
    return `${error.message}${told}`
  }
}

function compare({ ray, answers }, ours) {
  // Where Ray could not answer now (it aborts at times, or a busy machine makes it late), what it answered before counts.
  const golden = read(new URL('../../golden/core/ray.json', import.meta.url)).answers
  for (const [title, answer] of Object.entries(answers)) {
    if (typeof answer?.broken !== 'string') continue
    console.log(`Ray did not answer: ${title} (${answer.broken}); compared with its golden answer`)
    answers[title] = golden[title]
  }
  const titles = [...new Set([...Object.keys(answers), ...Object.keys(ours)])]
  const problems = titles.flatMap((title) => {
    const problem = problemOf(title, answers, ours)
    return problem === undefined ? [] : [`${title}: ${problem}`]
  })
  for (const problem of problems) console.log(problem)
  console.log(`behaviours of Ray ${ray}; ${Object.keys(differences).length} of them differ on purpose (test/core/twins/differences.ts)`)
  console.log(`${titles.length - problems.length} passed, ${problems.length} failed`)
  process.exitCode = problems.length > 0 ? 1 : 0
}

const [first, second] = process.argv.slice(2)
if (first === '--ours') await answerAll(second)
else compare(read(first), read(second))
