/** Cycles among what is loaded: on the built files, where imports of types are gone. Types may know each other. */
module.exports = {
  forbidden: [{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } }],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: false, parser: 'swc' },
}
