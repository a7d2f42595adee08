import { goldenTests } from './golden.js'
import { checks } from './traces/vectors.js'

goldenTests(checks)
