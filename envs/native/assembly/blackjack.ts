/**
 * ../../toy-text/blackjack-rules.ts. A hand is what matters of it. Extra, bytes: of the player the cards' sum (aces as 1), whether there is an
 * ace, and how many cards; the dealer's open card, and the same of his; the suit and the face of the open card as drawn. Own params: whether
 * Sutton and Barto's rules hold, and whether a natural is paid more.
 */
import { Batch, begin, chooseByMask, finish, OWN_PARAMS, param, resetInstead, streamOf } from './batch'
import { integerBelow } from './pcg64'

const BYTES: u32 = 8
const PLAYER: usize = 0
const OPEN: usize = 3
const DEALER: usize = 4
const DRAWN: usize = 7
const ROW: u32 = 12

/** Adds a card to a hand of three bytes. */
function draw(hand: usize, stream: usize): u32 {
  const drawn = integerBelow(stream, 13)
  const card = min(drawn + 1, 10)
  store<u8>(hand, load<u8>(hand) + card)
  if (card == 1) store<u8>(hand, 1, 1)
  store<u8>(hand, load<u8>(hand, 2) + 1, 2)
  return card
}

// @ts-ignore: decorator
@inline
function usableAce(hand: usize): u32 {
  return u32(load<u8>(hand, 1) != 0 && load<u8>(hand) + 10 <= 21)
}

// @ts-ignore: decorator
@inline
function sum(hand: usize): u32 {
  return <u32>load<u8>(hand) + 10 * usableAce(hand)
}

// @ts-ignore: decorator
@inline
function isNatural(hand: usize): bool {
  return load<u8>(hand, 2) == 2 && load<u8>(hand, 1) != 0 && load<u8>(hand) == 11
}

// @ts-ignore: decorator
@inline
function score(hand: usize): i32 {
  const total = sum(hand)
  return total > 21 ? 0 : <i32>total
}

function payout(b: Batch, player: usize, dealer: usize): f64 {
  const mine = score(player)
  const his = score(dealer)
  const won: f64 = mine > his ? 1 : mine < his ? -1 : 0
  if (param(b, OWN_PARAMS) != 0) return isNatural(player) && !isNatural(dealer) ? 1 : won
  return param(b, OWN_PARAMS + 1) != 0 && isNatural(player) && won == 1 ? 1.5 : won
}

function observe(b: Batch, i: u32, hands: usize): void {
  const row = b.observations + ROW * i
  store<u32>(row, sum(hands + PLAYER))
  store<u32>(row, load<u8>(hands + OPEN), 4)
  store<u32>(row, usableAce(hands + PLAYER), 8)
}

export function blackjackStep(p: usize): void {
  const b = changetype<Batch>(p)
  begin(b)
  const n: u32 = b.n
  for (let i: u32 = 0; i < n; i++) {
    if (load<u8>(b.ended + i)) {
      resetInstead(b, i)
      continue
    }
    const hands = b.extra + BYTES * i
    const player = hands + PLAYER
    const dealer = hands + DEALER
    const stream = streamOf(b, i)
    let terminated = true
    let reward: f64 = 0
    if (load<u32>(b.actions + (i << 2))) {
      draw(player, stream)
      terminated = sum(player) > 21
      if (terminated) reward = -1
    } else {
      while (sum(dealer) < 17) draw(dealer, stream)
      reward = payout(b, player, dealer)
    }
    store<f64>(b.rewards + (i << 3), reward)
    observe(b, i, hands)
    const steps = load<u32>(b.steps + (i << 2)) + 1
    store<u32>(b.steps + (i << 2), steps)
    finish(b, i, terminated, steps >= b.limit)
  }
  resetChosen(b)
}

export function blackjackReset(p: usize): void {
  const b = changetype<Batch>(p)
  chooseByMask(b)
  resetChosen(b)
}

function resetChosen(b: Batch): void {
  for (let k: u32 = 0; k < b.resetCount; k++) {
    const i = load<u32>(b.resetting + (k << 2))
    const hands = b.extra + BYTES * i
    const stream = streamOf(b, i)
    store<u64>(hands, 0)
    store<u32>(b.steps + (i << 2), 0)
    const open = draw(hands + DEALER, stream)
    store<u8>(hands + OPEN, open)
    draw(hands + DEALER, stream)
    draw(hands + PLAYER, stream)
    draw(hands + PLAYER, stream)
    const suit = integerBelow(stream, 4)
    const face = open == 10 ? integerBelow(stream, 3) : 0
    store<u8>(hands + DRAWN, suit | (face << 2))
    observe(b, i, hands)
  }
}
