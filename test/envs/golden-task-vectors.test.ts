import { goldenTests } from './golden.js'
import { checks } from './traces/task-vectors.js'

goldenTests(checks)
