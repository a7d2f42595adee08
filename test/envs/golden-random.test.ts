import { goldenTests } from './golden.js'
import { checks } from './traces/random.js'

goldenTests(checks)
