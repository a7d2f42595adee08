/** The five games as their environments use them: sizes, actions, channels, and the rules from `assembly/`. */
import { actAsterix, observeAsterix, resetAsterix } from './assembly/asterix.js'
import { actBreakout, observeBreakout, resetBreakout } from './assembly/breakout.js'
import { actFreeway, observeFreeway, resetFreeway } from './assembly/freeway.js'
import { actSeaquest, observeSeaquest, resetSeaquest } from './assembly/seaquest.js'
import { actSpaceInvaders, observeSpaceInvaders, resetSpaceInvaders } from './assembly/space-invaders.js'

/** The draws of NumPy's RandomState that the games take. */
interface GameDraws {
  random(): number
  randint(low: number, high: number): number
}

/** A game's variables are `words` 32-bit integers; word 0 is 1 once it is over. */
export interface Rules {
  /** As in the id: MinAtar/Breakout-v1. */
  name: string
  /** The number by which the kernels know the game (assembly/index.ts). */
  number: number
  words: number
  /** What each of the observation's channels shows; its shape is [10, 10, channels]. */
  channels: readonly string[]
  /** Those of the six actions (nothing, left, up, right, down, fire) that do something, for the versions with a minimal action set. */
  minimalActions: readonly number[]
  /** The variables that say where the rules write, each with its greatest value; the least is 0. */
  limits: readonly (readonly [word: number, most: number])[]
  reset(state: Int32Array, draws: GameDraws): void
  /** Plays one step and gives the reward. @param action one of the six @param ramping 1 where the game gets ever harder */
  act(state: Int32Array, action: number, ramping: number, draws: GameDraws): number
  /** Writes ones into zeroed bytes, row-major [10, 10, channels]. */
  observe(state: Int32Array, observation: Uint8Array): void
}

export const ACTIONS = 6
export const TERMINAL = 0

const eachOf = <T>(count: number, make: (k: number) => T): T[] => Array.from({ length: count }, (_, k) => make(k))

const breakout: Rules = {
  name: 'Breakout',
  number: 0,
  words: 18,
  channels: ['paddle', 'ball', 'trail', 'brick'],
  minimalActions: [0, 1, 3],
  limits: [
    [1, 9],
    [2, 9],
    [3, 3],
    [4, 9],
    [5, 9],
    [6, 9],
  ],
  reset: resetBreakout,
  act: (state, action) => actBreakout(state, action),
  observe: observeBreakout,
}

const asterix: Rules = {
  name: 'Asterix',
  number: 1,
  words: 41,
  channels: ['player', 'enemy', 'trail', 'gold'],
  minimalActions: [0, 1, 2, 3, 4],
  limits: [[1, 9], [2, 9], ...eachOf(8, (row): [number, number] => [10 + 4 * row, 9])],
  reset: resetAsterix,
  act: actAsterix,
  observe: observeAsterix,
}

const freeway: Rules = {
  name: 'Freeway',
  number: 2,
  words: 28,
  channels: ['chicken', 'car', 'speed 1', 'speed 2', 'speed 3', 'speed 4', 'speed 5'],
  minimalActions: [0, 2, 4],
  limits: [[1, 9], ...eachOf(8, (lane): [number, number] => [4 + 3 * lane, 9])],
  reset: resetFreeway,
  act: (state, action, _ramping, draws) => actFreeway(state, action, draws),
  observe: observeFreeway,
}

const seaquest: Rules = {
  name: 'Seaquest',
  number: 3,
  words: 1378,
  channels: [
    'submarine, front',
    'submarine, back',
    'own bullet',
    'trail',
    'enemy bullet',
    'fish',
    'enemy submarine',
    'oxygen',
    'divers aboard',
    'diver',
  ],
  minimalActions: [0, 1, 2, 3, 4, 5],
  limits: [
    [3, 9],
    [4, 8],
    [13, 8],
    [54, 8],
    [95, 64],
    [416, 64],
    [737, 128],
  ],
  reset: resetSeaquest,
  act: actSeaquest,
  observe: observeSeaquest,
}

const spaceInvaders: Rules = {
  name: 'SpaceInvaders',
  number: 4,
  words: 38,
  channels: ['cannon', 'alien', 'alien going left', 'alien going right', 'own bullet', 'alien bullet'],
  minimalActions: [0, 1, 3, 5],
  limits: [[1, 9], ...eachOf(30, (row): [number, number] => [8 + row, 1023])],
  reset: resetSpaceInvaders,
  act: (state, action, ramping) => actSpaceInvaders(state, action, ramping),
  observe: observeSpaceInvaders,
}

export const GAMES: readonly Rules[] = [breakout, asterix, freeway, seaquest, spaceInvaders]
