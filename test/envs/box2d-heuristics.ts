/** The controllers by hand that come with Gymnasium's LunarLander and BipedalWalker: what they reach tells whether the physics is right. */

/** Tilts towards the pad, hovers higher the further off it is, and brakes. */
export function landingAction(s: ArrayLike<number>, continuous: boolean): number | number[] {
  const clip = (value: number, limit: number) => Math.min(Math.max(value, -limit), limit)
  const wantedAngle = clip(0.5 * s[0]! + s[2]!, 0.4)
  const landed = s[6]! > 0 || s[7]! > 0
  const turn = landed ? 0 : 0.5 * (wantedAngle - s[4]!) - s[5]!
  const lift = landed ? -0.5 * s[3]! : 0.5 * (0.55 * Math.abs(s[0]!) - s[1]!) - 0.5 * s[3]!
  if (continuous) return [clip(20 * lift - 1, 1), clip(-20 * turn, 1)]
  if (lift > Math.abs(turn) && lift > 0.05) return 2
  return turn < -0.05 ? 3 : turn > 0.05 ? 1 : 0
}

const SPEED = 0.29
const STRAIGHT = 0.1

/** Swings one leg forwards, puts it down, pushes off with the other, and changes legs. */
export class WalkingGait {
  #phase: 'swing' | 'put down' | 'push off' = 'swing'
  #moving = 0
  #supportingKnee = STRAIGHT

  action(s: ArrayLike<number>): number[] {
    const moving = 4 + 5 * this.#moving
    const supporting = 4 + 5 * (1 - this.#moving)
    const hip: (number | null)[] = [null, null]
    const knee: (number | null)[] = [null, null]
    if (this.#phase === 'swing') {
      hip[this.#moving] = 1.1
      knee[this.#moving] = -0.6
      this.#supportingKnee = Math.min(this.#supportingKnee + (s[2]! > SPEED ? 0.06 : 0.03), STRAIGHT)
      knee[1 - this.#moving] = this.#supportingKnee
      if (s[supporting]! < 0.1) this.#phase = 'put down'
    }
    if (this.#phase === 'put down') {
      hip[this.#moving] = 0.1
      knee[this.#moving] = STRAIGHT
      knee[1 - this.#moving] = this.#supportingKnee
      if (s[moving + 4]! > 0) {
        this.#phase = 'push off'
        this.#supportingKnee = Math.min(s[moving + 2]!, STRAIGHT)
      }
    }
    if (this.#phase === 'push off') {
      knee[this.#moving] = this.#supportingKnee
      knee[1 - this.#moving] = 1
      if (s[supporting + 2]! > 0.88 || s[2]! > 1.2 * SPEED) {
        this.#phase = 'swing'
        this.#moving = 1 - this.#moving
      }
    }
    return [0, 1].flatMap((leg) => {
      const at = 4 + 5 * leg
      const hipTorque = hip[leg] ? 0.9 * (hip[leg] - s[at]!) - 0.25 * s[at + 1]! : 0
      const kneeTorque = knee[leg] ? 4 * (knee[leg] - s[at + 2]!) - 0.25 * s[at + 3]! : 0
      const upright = 0.9 * s[0]! + 1.5 * s[1]!
      return [hipTorque + upright, kneeTorque - 15 * s[3]!].map((torque) => Math.min(Math.max(0.5 * torque, -1), 1))
    })
  }
}
