// PythonEnv beside the real Gymnasium, in the Python given as the argument.
const { pythonChecks } = await import(new URL('../../../dist/test/envs/python/checks.js', import.meta.url))
let [passed, failed] = [0, 0]
for (const { title, run } of pythonChecks(process.argv[2])) {
  try {
    await run()
    passed++
  } catch (error) {
    failed++
    console.log(`FAIL ${title}: ${error.message}${error.details ?? ''}`)
  }
}
console.log(`python-env: ${passed} passed`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed ? 1 : 0
