import { goldenTests } from './golden.js'
import { checks } from './traces/spaces.js'

goldenTests(checks)
