import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import {
  type EpisodeTrace,
  readTraces,
  replayEpisodes,
  replaySequence,
  replaySpace,
  replayStream,
  replayTails,
  replayVector,
  type SequenceTrace,
  type SpaceTrace,
  type StreamTrace,
  type TailTrace,
  type VectorTrace,
} from './traces.js'

const folder = join(fileURLToPath(new URL('../../..', import.meta.url)), 'test', 'golden', 'envs')
const rng = readTraces<{ streams: StreamTrace[]; tails: TailTrace[]; sequences: SequenceTrace[] }>(folder, 'rng')
const { cases } = readTraces<{ cases: SpaceTrace[] }>(folder, 'spaces')
const { episodes } = readTraces<{ episodes: EpisodeTrace[] }>(folder, 'cartpole')
const { vectors } = readTraces<{ vectors: VectorTrace[] }>(folder, 'vectors')

for (const trace of rng.streams)
  test(`every method of the generator draws NumPy's numbers for seed ${trace.seed}`, () => replayStream(trace))

test("draws in the tails of both ziggurats are NumPy's", () => rng.tails.forEach(replayTails))

test("seed sequences, their children and their keys mix words as NumPy's do", () => rng.sequences.forEach(replaySequence))

test('spaces sample the elements that Gymnasium samples, with masks and probabilities too', () => cases.forEach(replaySpace))

for (const trace of episodes) {
  test(`${trace.id} from seed ${trace.seed} runs on its own and stays equal to Gymnasium to the last bit (${JSON.stringify({ ...trace.kwargs, ...trace.options })})`, () => {
    replayEpisodes(trace)
  })
}

for (const trace of vectors) {
  for (const mode of trace.mode === 'sync' ? (['sync', 'native'] as const) : [trace.mode]) {
    const limit = trace.maxEpisodeSteps ? `, limit ${trace.maxEpisodeSteps}` : ''
    test(`${mode} with ${trace.autoreset} and ${trace.numEnvs} environments from seed ${trace.seed} follows Gymnasium${limit}`, () =>
      replayVector(trace, mode, 0))
  }
}

test.run()
