import { goldenTests } from './golden.js'
import { checks } from './traces/wrapped-vectors.js'

goldenTests(checks)
