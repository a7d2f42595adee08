// Replays the traces that test/golden/envs/make.py wrote into a folder; one trace is one check.
import {
  readTraces,
  replayEpisodes,
  replaySequence,
  replaySpace,
  replayStream,
  replayTails,
  replayVector,
} from '../../../dist/test/envs/traces.js'

const folder = process.argv[2]
let passed = 0
let failed = 0

function check(name, replay) {
  try {
    replay()
    passed++
  } catch (error) {
    failed++
    console.log(`FAIL ${name}: ${error.message}`)
  }
}

const rng = readTraces(folder, 'rng')
for (const trace of rng.streams) check(`stream ${trace.seed}`, () => replayStream(trace))
for (const trace of rng.tails) check(`tails ${trace.seed}`, () => replayTails(trace))
for (const trace of rng.sequences) check(`sequence ${trace.seed}`, () => replaySequence(trace))
for (const trace of readTraces(folder, 'spaces').cases) check('space', () => replaySpace(trace))
let unequal = 0
let steps = 0
for (const trace of readTraces(folder, 'cartpole').episodes) {
  check(trace.id, () => {
    unequal += replayEpisodes(trace, true)
    steps += Buffer.from(trace.action, 'base64').length
  })
}
console.log(`${unequal} of ${steps} CartPole steps differ in the last bits of a double, by a sine that the C library rounds the other way`)
check('such steps are rare', () => {
  if (unequal > steps / 1000) throw new Error('more than 1 in 1,000')
})
for (const trace of readTraces(folder, 'vectors').vectors) {
  for (const mode of trace.mode === 'sync' ? ['sync', 'native'] : [trace.mode]) {
    check(`${mode} ${trace.autoreset}`, () => replayVector(trace, mode, 1))
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed ? 1 : 0
