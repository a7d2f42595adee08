import { goldenTests } from './golden.js'
import { checks } from './traces/toy-text.js'

goldenTests(checks)
