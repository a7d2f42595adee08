/**
 * A revolute joint that solves velocities and positions without making objects. planck's own makes about ten vectors an iteration, and these tasks
 * ask for 180 iterations a step; so most of a step went into them.
 *
 * The joint holds the anchors together (2 equations), keeps the angle inside its limits (a third while at a limit) and drives a motor.
 * Per iteration it finds the impulses that bring the relative velocity Ċ to zero, λ = −K⁻¹ Ċ, where K = J M⁻¹ Jᵀ (E. Catto, "Iterative
 * Dynamics with Temporal Coherence", 2005). K does not change within a step, so its inverse is kept.
 */
import { RevoluteJoint } from 'planck'

interface Vector {
  x: number
  y: number
}

/** What planck keeps in a joint; its declarations leave it out. */
interface Inside {
  m_bodyA: { c_velocity: { v: Vector; w: number }; c_position: { c: Vector; a: number } }
  m_bodyB: { c_velocity: { v: Vector; w: number }; c_position: { c: Vector; a: number } }
  m_localAnchorA: Vector
  m_localAnchorB: Vector
  m_localCenterA: Vector
  m_localCenterB: Vector
  m_lowerAngle: number
  m_upperAngle: number
  m_referenceAngle: number
  m_invMassA: number
  m_invMassB: number
  m_invIA: number
  m_invIB: number
  m_rA: Vector
  m_rB: Vector
  m_mass: { ex: Vector & { z: number }; ey: Vector & { z: number }; ez: Vector & { z: number } }
  m_motorMass: number
  m_impulse: Vector & { z: number }
  m_motorImpulse: number
  m_motorSpeed: number
  m_maxMotorTorque: number
  m_enableMotor: boolean
  m_enableLimit: boolean
  m_limitState: number
}

/** planck's numbers of the states of a limit. */
const INACTIVE = 0
const AT_LOWER = 1
const AT_UPPER = 2
const EQUAL = 3

/** Box2D's tolerances, m and rad, and how far one iteration turns at most. */
const LINEAR_SLOP = 0.005
const ANGULAR_SLOP = (2 / 180) * Math.PI
const MOST_TURN = (8 / 180) * Math.PI

type TimeStep = Parameters<RevoluteJoint['solveVelocityConstraints']>[0]

export class FastRevoluteJoint extends RevoluteJoint {
  /** K⁻¹ of the two equations, and of all three; both symmetric. */
  readonly #inverse2 = new Float64Array(3)
  readonly #inverse3 = new Float64Array(6)

  /** Called once a step by planck's solver, before the iterations. */
  override initVelocityConstraints(step: TimeStep): void {
    super.initVelocityConstraints(step)
    const { ex, ey, ez } = (this as unknown as Inside).m_mass
    const [a, b, c, d, e, f] = [ex.x, ey.x, ez.x, ey.y, ez.y, ez.z]
    const minor = a * d - b * b
    const i2 = this.#inverse2
    const scale2 = minor === 0 ? 0 : 1 / minor
    i2[0] = scale2 * d
    i2[1] = -scale2 * b
    i2[2] = scale2 * a
    const [p, q, r] = [d * f - e * e, c * e - b * f, b * e - c * d]
    const determinant = a * p + b * q + c * r
    const scale3 = determinant === 0 ? 0 : 1 / determinant
    const i3 = this.#inverse3
    i3[0] = scale3 * p
    i3[1] = scale3 * q
    i3[2] = scale3 * r
    i3[3] = scale3 * (a * f - c * c)
    i3[4] = scale3 * (b * c - a * e)
    i3[5] = scale3 * minor
  }

  /** One iteration. */
  override solveVelocityConstraints(step: TimeStep): void {
    const joint = this as unknown as Inside
    const a = joint.m_bodyA.c_velocity
    const b = joint.m_bodyB.c_velocity
    const { m_invMassA: massA, m_invMassB: massB, m_invIA: inertiaA, m_invIB: inertiaB, m_rA: rA, m_rB: rB, m_impulse: total } = joint
    const state = joint.m_limitState
    if (joint.m_enableMotor && state !== EQUAL) {
      const most = step.dt * joint.m_maxMotorTorque
      const before = joint.m_motorImpulse
      const wanted = before - joint.m_motorMass * (b.w - a.w - joint.m_motorSpeed)
      const after = wanted > most ? most : wanted < -most ? -most : wanted
      joint.m_motorImpulse = after
      a.w -= inertiaA * (after - before)
      b.w += inertiaB * (after - before)
    }
    const dx = b.v.x - b.w * rB.y - a.v.x + a.w * rA.y
    const dy = b.v.y + b.w * rB.x - a.v.y - a.w * rA.x
    let x: number
    let y: number
    let z = 0
    if (joint.m_enableLimit && state !== INACTIVE) {
      const i3 = this.#inverse3
      const turn = b.w - a.w
      x = -(i3[0]! * dx + i3[1]! * dy + i3[2]! * turn)
      y = -(i3[1]! * dx + i3[3]! * dy + i3[4]! * turn)
      z = -(i3[2]! * dx + i3[4]! * dy + i3[5]! * turn)
      const pushed = total.z + z
      if ((state === AT_LOWER && pushed < 0) || (state === AT_UPPER && pushed > 0)) {
        // A limit only pushes; where it would pull it lets go, and the anchors are solved without it.
        const { ez } = joint.m_mass
        const i2 = this.#inverse2
        const rx = total.z * ez.x - dx
        const ry = total.z * ez.y - dy
        x = i2[0]! * rx + i2[1]! * ry
        y = i2[1]! * rx + i2[2]! * ry
        z = -total.z
      }
    } else {
      const i2 = this.#inverse2
      x = -(i2[0]! * dx + i2[1]! * dy)
      y = -(i2[1]! * dx + i2[2]! * dy)
    }
    total.x += x
    total.y += y
    total.z += z
    a.v.x -= massA * x
    a.v.y -= massA * y
    a.w -= inertiaA * (rA.x * y - rA.y * x + z)
    b.v.x += massB * x
    b.v.y += massB * y
    b.w += inertiaB * (rB.x * y - rB.y * x + z)
  }

  /** One iteration on the positions: turns back what is beyond a limit, then moves the anchors together. Gives back whether all is in place. */
  override solvePositionConstraints(): boolean {
    const joint = this as unknown as Inside
    const a = joint.m_bodyA.c_position
    const b = joint.m_bodyB.c_position
    const { m_invMassA: massA, m_invMassB: massB, m_invIA: inertiaA, m_invIB: inertiaB } = joint
    const state = joint.m_limitState
    let beyond = 0
    if (joint.m_enableLimit && state !== INACTIVE) {
      const angle = b.a - a.a - joint.m_referenceAngle
      let turn: number
      if (state === AT_LOWER) {
        beyond = joint.m_lowerAngle - angle
        turn = Math.min(Math.max(ANGULAR_SLOP - beyond, -MOST_TURN), 0)
      } else if (state === AT_UPPER) {
        beyond = angle - joint.m_upperAngle
        turn = Math.min(Math.max(beyond - ANGULAR_SLOP, 0), MOST_TURN)
      } else {
        turn = Math.min(Math.max(angle - joint.m_lowerAngle, -MOST_TURN), MOST_TURN)
        beyond = Math.abs(turn)
      }
      const impulse = -joint.m_motorMass * turn
      a.a -= inertiaA * impulse
      b.a += inertiaB * impulse
    }
    const [cosA, sinA, cosB, sinB] = [Math.cos(a.a), Math.sin(a.a), Math.cos(b.a), Math.sin(b.a)]
    const ax = joint.m_localAnchorA.x - joint.m_localCenterA.x
    const ay = joint.m_localAnchorA.y - joint.m_localCenterA.y
    const bx = joint.m_localAnchorB.x - joint.m_localCenterB.x
    const by = joint.m_localAnchorB.y - joint.m_localCenterB.y
    const [rAx, rAy] = [cosA * ax - sinA * ay, sinA * ax + cosA * ay]
    const [rBx, rBy] = [cosB * bx - sinB * by, sinB * bx + cosB * by]
    const cx = b.c.x + rBx - a.c.x - rAx
    const cy = b.c.y + rBy - a.c.y - rAy
    const k11 = massA + massB + inertiaA * rAy * rAy + inertiaB * rBy * rBy
    const k12 = -inertiaA * rAx * rAy - inertiaB * rBx * rBy
    const k22 = massA + massB + inertiaA * rAx * rAx + inertiaB * rBx * rBx
    const determinant = k11 * k22 - k12 * k12
    const scale = determinant === 0 ? 0 : 1 / determinant
    const x = -scale * (k22 * cx - k12 * cy)
    const y = -scale * (k11 * cy - k12 * cx)
    a.c.x -= massA * x
    a.c.y -= massA * y
    a.a -= inertiaA * (rAx * y - rAy * x)
    b.c.x += massB * x
    b.c.y += massB * y
    b.a += inertiaB * (rBx * y - rBy * x)
    return Math.sqrt(cx * cx + cy * cy) <= LINEAR_SLOP && beyond <= ANGULAR_SLOP
  }
}
