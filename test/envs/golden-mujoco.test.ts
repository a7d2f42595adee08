import { goldenTests } from './golden.js'
import { checks } from './traces/mujoco.js'

goldenTests(checks)
