import { goldenTests } from './golden.js'
import { checks } from './traces/cartpole.js'

goldenTests(checks)
