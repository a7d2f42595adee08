import { shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { main as dynamicGraph } from '../../bench/core/examples/dynamic-graph.js'
import { main as mergeSort } from '../../bench/core/examples/merge-sort.js'
import { main as parameterServer } from '../../bench/core/examples/parameter-server.js'
import { main as recursiveTasks } from '../../bench/core/examples/recursive-tasks.js'
import { main as senseSimulateLearn } from '../../bench/core/examples/sense-simulate-learn.js'
import { main as simulatedSteps } from '../../bench/core/examples/simulated-steps.js'
import { main as treeReduce } from '../../bench/core/examples/tree-reduce.js'

// Each program checks its own result and throws if it is wrong.
test.after(() => shutdown())

test('a tree of tasks adds up vectors without the driver fetching any in between', async () => {
  const { sum, tasks } = await treeReduce(37)
  assert.is(tasks, 2 * 37 - 1)
  assert.is(sum[0], (37 * 36) / 2)
})

test('a graph that grows with its results is met whole, whichever task ends first', async () => {
  const { nodes } = await dynamicGraph(1000, 5)
  assert.ok(nodes > 100)
})

test('tasks start themselves recursively, many more deep than there are threads', async () => {
  assert.is((await recursiveTasks(12)).value, 144)
})

test('tasks sort halves of an array through further tasks', async () => {
  const { sorted } = await mergeSort(100_000)
  assert.is(sorted.length, 100_000)
})

test('workers that push gradients to a server of several actors find the weights that made their data', async () => {
  const { updates } = await parameterServer(400)
  assert.is(updates, 800)
})

test('sensors, simulations and SGD run side by side, and the policy gets better while it acts', async () => {
  const { simulations, before, after } = await senseSimulateLearn(50)
  assert.is(simulations, 200)
  assert.ok(after < before)
})

test('actors step a million CartPoles, and a random policy lasts as long as it does anywhere', async () => {
  const { steps } = await simulatedSteps(1_000_000)
  assert.ok(steps >= 1_000_000)
})

test.run()
