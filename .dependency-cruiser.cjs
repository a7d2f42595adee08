/** Which room may import which (README, "Architecture"): imports point one way. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: '^(bin|bench|core|envs|loop|notebooks|rl|serve|test)/', pathNot: `^(${[from, ...allowed].join('|')})(/|\\.ts$|$)` },
})

module.exports = {
  forbidden: [
    only('core-knows-nothing-above', 'core', []),
    only('envs-stand-alone', 'envs', []),
    only('rl-takes-core-and-envs', 'rl', ['core', 'envs']),
    only('serve-takes-only-the-policy-from-rl', 'serve', ['core', 'envs/spaces', 'rl/policy']),
    only('policy-stays-servable', 'rl/policy', ['rl/nn', 'envs/seeding', 'envs/spaces']),
    only('nn-is-numbers-only', 'rl/nn', []),
    only('bin-is-the-top', 'bin', ['core', 'envs', 'rl', 'serve', 'loop', 'notebooks']),
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '\\.(test|d)\\.ts$|/assembly/|^test/' }, to: {} },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-dev', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|assembly)/' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default', 'types'] },
  },
}
