import { goldenTests } from './golden.js'
import { checks } from './traces/box2d.js'

goldenTests(checks)
