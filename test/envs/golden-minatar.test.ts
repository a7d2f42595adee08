import { goldenTests } from './golden.js'
import { checks } from './traces/minatar.js'

goldenTests(checks)
