// What a page and Node each do; run as it is by both. Numbers are told as the hexadecimal digits of their bytes, so that equal means equal.

/** Environments by id and number; kernels where `mode` is 'native'. */
const WORK = [
  ['CartPole-v1', 'native'],
  ['Acrobot-v1', 'native'],
  ['Taxi-v4', 'native'],
  ['MinAtar/Breakout-v1', 'native'],
  ['MinAtar/Seaquest-v1', 'native'],
  ['HalfCheetah-v5', 'sync'],
  ['LunarLander-v3', 'sync'],
]
const NUM_ENVS = 6
const STEPS = 100

const hex = (array) =>
  Array.from(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A digest of each step of each: FNV-1a over what it gave. */
function digest(text) {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return (value >>> 0).toString(16)
}

/** @param envs gymnura/envs @returns by id: digests of every step, and the last observations in full */
export async function play(envs) {
  await envs.loadMujoco()
  const told = {}
  for (const [id, vectorizationMode] of WORK) {
    const vector = envs.makeVec(id, { numEnvs: NUM_ENVS, vectorizationMode, autoresetMode: 'same-step', maxEpisodeSteps: 40 })
    vector.actionSpace.seed(3)
    const [first] = vector.reset({ seed: 5 })
    const steps = [digest(hex(first))]
    let last = ''
    for (let t = 0; t < STEPS; t++) {
      const [observations, rewards, terminated, truncated] = vector.step(vector.actionSpace.sample())
      last = Array.from(observations.subarray(0, 8)).join(' ')
      steps.push(digest([observations, rewards, terminated, truncated].map(hex).join('-')))
    }
    const shared = first.buffer.constructor.name
    told[id] = { steps: steps.join(' '), last, memory: shared }
    vector.close()
  }
  return told
}
