import { checkEnv, type Env, make, makeVec } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code } from './helpers.js'

const [NORTH, EAST, SOUTH, WEST] = [0, 1, 2, 3] as const
const seeds = Array.from({ length: 40 }, (_, seed) => seed)

test('both tasks keep the rules of the API', () => {
  for (const id of ['TMaze-v0', 'PickInOrder-v0']) assert.equal(checkEnv(make(id).unwrapped as Env), [], id)
})

test('in the T-maze the sign at the start tells the turn at the end, and is not seen again', () => {
  const turns = new Set<string>()
  for (const seed of seeds) {
    const env = make('TMaze-v0', { corridorLength: 5 })
    const [sign] = env.reset({ seed })
    const turn = sign.join() === '0,1,1' ? NORTH : SOUTH
    turns.add(sign.join())
    const seen = Array.from({ length: 5 }, () => env.step(EAST)[0].join())
    assert.equal(seen, ['1,0,1', '1,0,1', '1,0,1', '1,0,1', '0,1,0'])
    assert.equal(env.step(turn).slice(1, 3), [4, true])
  }
  assert.equal([...turns].sort(), ['0,1,1', '1,1,0'])
})

test('in the T-maze a wrong turn and a wall cost 0.1, and going back is free', () => {
  const env = make('TMaze-v0', { corridorLength: 2 })
  const turn = env.reset({ seed: 3 })[0][0] === 0 ? SOUTH : NORTH
  const rewards = [WEST, NORTH, EAST, SOUTH, WEST, EAST, EAST, EAST, turn].map((action) => env.step(action)[1])
  assert.equal(rewards, [-0.1, -0.1, 0, -0.1, 0, 0, 0, -0.1, -0.1])
})

test('in PickInOrder the smallest card that is left gives 1, another 0, an empty place −1, and the mask says which are empty', () => {
  const env = make('PickInOrder-v0', { cards: 3 })
  for (const seed of seeds) {
    const [observation, { actionMask }] = env.reset({ seed })
    assert.equal(actionMask, Uint8Array.of(1, 1, 1))
    const cards = Array.from(observation, (share) => Math.round(3 * share))
    assert.equal(cards.toSorted(), [1, 2, 3])
    const place = (card: number) => cards.indexOf(card)
    const first = env.step(place(1))
    assert.equal(first.slice(1, 3), [1, false])
    assert.equal(
      first[4].actionMask,
      Uint8Array.from(cards, (card) => Number(card !== 1)),
    )
    assert.equal(env.step(place(1)).slice(1, 3), [-1, false])
    assert.equal(env.step(place(3)).slice(1, 3), [0, false])
    const last = env.step(place(2))
    assert.equal([last[1], last[2], [...last[0]]], [1, true, [0, 0, 0]])
  }
})

test('a policy that samples by the mask never takes from an empty place, in a vector too', () => {
  const envs = makeVec('PickInOrder-v0', { numEnvs: 4, autoresetMode: 'same-step' })
  let infos = envs.reset({ seed: 1 })[1]
  const space = envs.singleActionSpace
  space.seed(2)
  for (let t = 0; t < 200; t++) {
    const masks = infos.actionMask as Uint8Array[]
    const [, rewards, , , next] = envs.step(masks.map((mask) => space.sample({ mask }) as number))
    assert.ok(rewards.every((reward) => reward >= 0))
    infos = next
  }
})

test('both are drawn as text', () => {
  const maze = make('TMaze-v0', { corridorLength: 3, renderMode: 'ansi' })
  const north = maze.reset({ seed: 1 })[0][0] === 0
  maze.step(EAST)
  const arms = ['###G', '###.']
  assert.is(maze.render(), [north ? arms[0] : arms[1], '.@..', north ? arms[1] : arms[0]].join('\n'))
  const cards = make('PickInOrder-v0', { cards: 4, renderMode: 'ansi' })
  cards.reset({ seed: 1 })
  cards.step(0)
  assert.match(cards.render() as string, /^\. \d \d \d$/)
})

test('wrong options, wrong actions and a step before the first reset are refused', () => {
  for (const options of [{ corridorLength: 0 }, { corridorLength: 1.5 }, { length: 3 }]) {
    assert.is(
      code(() => make('TMaze-v0', options)),
      'ENVS_INVALID_KWARGS',
    )
  }
  assert.is(
    code(() => make('PickInOrder-v0', { cards: 0 })),
    'ENVS_INVALID_KWARGS',
  )
  for (const id of ['TMaze-v0', 'PickInOrder-v0']) {
    const env = make(id).unwrapped
    assert.is(
      code(() => env.step(0)),
      'ENVS_RESET_NEEDED',
    )
    env.reset({ seed: 1 })
    for (const action of [-1, 8, 0.5, 'x'])
      assert.is(
        code(() => env.step(action)),
        'ENVS_INVALID_ACTION',
      )
  }
})

test.run()
