/** The hands of Blackjack. An ace is 1, or 11 where that does not go above 21; faces are 10. */
import type { RandomGenerator } from '../seeding.js'

/** What can be drawn, each as likely, from an infinite deck. */
const DECK = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10]
export const SUITS = ['C', 'D', 'H', 'S'] as const
export const FACES = ['J', 'Q', 'K'] as const
/** The dealer draws below this. */
const DEALER_STANDS = 17
const MOST = 21

export const drawCard = (random: RandomGenerator) => DECK[random.choice(DECK.length)]!

export function handSum(hand: readonly number[]): { sum: number; usableAce: number } {
  let sum = 0
  for (const card of hand) sum += card
  return hand.includes(1) && sum + 10 <= MOST ? { sum: sum + 10, usableAce: 1 } : { sum, usableAce: 0 }
}

export const isBust = (hand: readonly number[]) => handSum(hand).sum > MOST
const isNatural = (hand: readonly number[]) => hand.length === 2 && hand.includes(1) && hand.includes(10)
const score = (hand: readonly number[]) => (isBust(hand) ? 0 : handSum(hand).sum)

/** The dealer draws up to 17. */
export function playDealer(dealer: number[], random: RandomGenerator): void {
  while (handSum(dealer).sum < DEALER_STANDS) dealer.push(drawCard(random))
}

/**
 * 1, 0 or −1 for the player.
 *
 * @param sab Sutton and Barto's rules: a natural wins against all but another natural
 * @param natural a natural that wins is paid 1.5 (not with `sab`)
 */
export function payout(player: readonly number[], dealer: readonly number[], sab: boolean, natural: boolean): number {
  const won = Math.sign(score(player) - score(dealer))
  if (sab) return isNatural(player) && !isNatural(dealer) ? 1 : won
  return natural && isNatural(player) && won === 1 ? 1.5 : won
}
