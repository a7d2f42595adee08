import { goldenTests } from './golden.js'
import { checks } from './traces/wrapped.js'

goldenTests(checks)
