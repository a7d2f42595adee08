import { goldenTests } from './golden.js'
import { checks } from './traces/classic-control.js'

goldenTests(checks)
