/** The arrows of the house: which room may know which. */
const tests = '(\\.test|/testing)\\.ts$'
const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: tests },
  to: { dependencyTypesNot: ['npm', 'npm-dev', 'core', 'npm-peer'], ...to },
})
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    rule('base-knows-nothing', 'The floor imports packages only.', '^runner/base/', { pathNot: '^runner/base/' }),
    rule('contracts-know-base', 'Contracts import the floor and each other.', '^runner/contracts/', {
      pathNot: '^runner/(base|contracts)/',
    }),
    rule(
      'conditions-know-contracts',
      'condition, matchers and wait import contracts and each other.',
      '^runner/(condition|matchers|jsonpath|wait)',
      {
        pathNot: '^runner/(base/|contracts/|condition|matchers|jsonpath|wait)',
      },
    ),
    rule('kinds-know-contracts', 'A step imports contracts, and the probe or fault it is made of.', '^steps/', {
      pathNot: '^(runner/(base|contracts)/|steps/)',
    }),
    rule('steps-not-each-other', 'Kinds never import each other.', '^steps/(?!probes/|faults/|index)', {
      path: '^steps/(?!probes/|faults/|shared/)',
    }),
    rule(
      'probes-not-steps',
      'Probes and faults import contracts and their own shared pieces.',
      '^steps/(probes|faults)/(?!index)',
      {
        path: '^steps/(?!shared/)',
      },
    ),
    rule('reports-know-contracts', 'A reporter is a function of events.', '^runner/report/(?!index)', {
      pathNot: '^runner/(base/|contracts/|report/)',
    }),
    rule('targets-know-contracts', 'Targets import contracts only.', '^runner/targets/', {
      pathNot: '^runner/(base/|contracts/|targets/)',
    }),
    rule('plan-names-no-kind', 'plan/ gets kinds as arguments.', '^runner/plan/', {
      pathNot: '^runner/(base/|contracts/|plan/|condition|matchers|jsonpath)',
    }),
    rule('engine-names-no-kind', 'engine/ gets kinds, targets and reporters as arguments.', '^runner/engine/', {
      pathNot: '^runner/(base/|contracts/|engine/|plan/|condition|matchers|jsonpath|wait)',
    }),
    rule('lists-are-for-commands', 'Only cli.ts and commands import the lists.', '^runner/(?!cli|commands/)', {
      path: '^(steps|runner/report|runner/targets)/index\\.ts$',
    }),
    {
      name: 'typebox-in-params-only',
      severity: 'error',
      from: { path: '^(runner|steps)/', pathNot: ['^runner/contracts/params\\.ts$', tests] },
      to: { path: 'typebox' },
    },
    {
      name: 'no-bare-undici',
      comment: "Bun puts a stub in its place: import from 'undici/index.js'.",
      severity: 'error',
      from: { path: '^(runner|steps|bench|examples)/' },
      to: { path: '^undici$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist|validators)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['bun', 'import', 'require', 'node', 'default', 'types'],
    },
  },
}
