import { describe, expect, test } from 'bun:test'
import { builtInKinds } from '../commands/kinds.ts'
import { PlanError } from '../contracts/errors.ts'
import { effectOfCase, effectOfSteps } from './effects.ts'
import { planned } from './planned-case.ts'
import { Folder, planOf, problems, targets } from './testing.ts'

const two = `${targets}  other:\n    runtime: process\n`

async function cases(plan: string, options: Parameters<Folder['prepare']>[1] = {}, files = {}) {
  using folder = new Folder({ 'plan.yaml': plan, ...files })
  return (await folder.prepare(['plan.yaml'], options)).cases
}

describe('paths', () => {
  test('a folder means the plans in it, and what is no plan is passed over with a note', async () => {
    using folder = new Folder({
      'b/two.yaml': planOf('run: x'),
      'a.yaml': planOf('run: x'),
      'b/shared.yaml': 'fragment: F\nsteps: [{ run: x }]\n',
      'compose.yml': 'services: {}\n',
      'node_modules/x.yaml': 'no: plan\n',
      '.hidden.yaml': 'no: plan\n',
    })
    const { cases, notes } = await folder.prepare(['.', 'a.yaml'])
    expect(cases.map(({ id, plan }) => [id, plan.document.file])).toEqual([
      ['c1', folder.at('a.yaml')],
      ['c2', folder.at('b/two.yaml')],
    ])
    expect(notes).toEqual([
      `${folder.at('b/shared.yaml')} holds a fragment and no plan: passed over`,
      `${folder.at('compose.yml')} holds no plan: passed over`,
      `${folder.at('targets.yaml')} holds targets and no plan: passed over`,
    ])
  })

  test('what other tools call YAML is passed over in a folder, and refused where it is named', async () => {
    using folder = new Folder({
      'plan.yaml': planOf('run: "true"'),
      'compose.override.yaml': 'services:\n  web:\n    ports: !reset []\n',
      'chart/deployment.yaml': '{{- if .Values.on }}\nkind: {{ .Values.kind }}\n{{- end }}\n',
      'chart/values.yaml': 'a: 1\n---\nb: 2\n',
      'old.yaml': '%YAML 1.1\n---\na: yes\n',
      'list.yaml': '- 1\n- 2\n',
      'empty.yaml': '',
      'latin.yml': 'name: M\u00fcller\nplanned: [',
    })
    const { cases, notes } = await folder.prepare(['.'])
    expect(cases).toHaveLength(1)
    const passed = [
      'chart/deployment.yaml',
      'chart/values.yaml',
      'compose.override.yaml',
      'empty.yaml',
      'latin.yml',
      'list.yaml',
      'old.yaml',
    ]
    expect(notes).toEqual([
      ...passed.map((name) => `${folder.at(name)} holds no plan: passed over`),
      `${folder.at('targets.yaml')} holds targets and no plan: passed over`,
    ])
    for (const name of passed) expect(await folder.problems([name])).not.toEqual([])
  })
  test('a plan that can not be read is never passed over', async () => {
    using folder = new Folder({
      'a.yaml': '\ufeffplan: P\nsteps: [\n',
      'b.yaml': '{ "plan": P\n',
      'c.yaml': 'x: 1\n---\nplan: P\n',
    })
    expect(await folder.problems(['.'])).toEqual([
      'a.yaml:2:8 this bracket is never closed',
      'b.yaml:1:1 this bracket is never closed',
      'c.yaml:2:1 a second document begins here, and a file holds one',
    ])
  })
  test('what has steps, or is named, is meant to be a plan', async () => {
    using folder = new Folder({ 'sub/a.yaml': 'pla: P\nsteps: [{ run: x }]\n', 'c.yaml': 'services: {}\n' })
    expect(await folder.problems(['sub', 'c.yaml'])).toEqual([
      'sub/a.yaml:1:1 "plan" is missing',
      'sub/a.yaml:1:1 unknown key "pla"; did you mean "plan"?',
      'c.yaml:1:1 "plan" is missing',
      'c.yaml:1:1 "steps" is missing',
      expect.stringContaining('c.yaml:1:1 unknown key "services"'),
    ])
  })

  test('everything that is wrong is told at once, by file and line; shape before names', async () => {
    using folder = new Folder({
      'b.yaml': planOf('run: "x ${{ nope }}"', 'assert: { service: wbe, state: running }'),
      'a.yaml': planOf('run: "x ${{ nope }}"', 'sleep: 3', 'rnu: x'),
      'c.yaml': 'plan: [\n',
    })
    const found = await folder.problems(['b.yaml', 'c.yaml', 'a.yaml', 'd.yaml'])
    expect(found.map((one) => one.replace(/[;,].*/, ''))).toEqual([
      'b.yaml:3:17 nothing is named "nope" here',
      'b.yaml:4:24 target "demo" has no service "wbe"',
      'c.yaml:1:7 this bracket is never closed',
      'a.yaml:4:12 3 is not a duration',
      'a.yaml:5:5 unknown step kind "rnu"',
      "d.yaml:1:1 can't read it: there is no such file",
    ])
  })

  test('warnings alone stop nobody', async () => {
    using folder = new Folder({ 'plan.yaml': planOf('sleep: 10s') })
    const { cases, warnings } = await folder.prepare()
    expect(cases).toHaveLength(1)
    expect(warnings.map(({ level }) => level)).toEqual(['warning'])
  })

  test('a mistake in targets.yaml is told once, and those of its plans beside it', async () => {
    using folder = new Folder({
      'targets.yaml': 'targets: { demo: { runtime: proces } }\n',
      'a.yaml': planOf('sleep: 3'),
      'b.yaml': planOf('run: x'),
    })
    const found = await folder.problems(['a.yaml', 'b.yaml'])
    expect(found).toEqual([
      'a.yaml:3:12 3 is not a duration',
      expect.stringContaining('targets.yaml:1:29 unknown runtime "proces"'),
    ])
  })

  test('a plugin that can not be loaded is one mistake, whatever the plans use of it', async () => {
    using folder = new Folder({ 'plan.yaml': planOf('its-own: x') })
    const kindsFor = async (document: unknown) => {
      if (document === undefined) return builtInKinds()
      const place = { file: folder.at('targets.yaml'), path: ['targets'] }
      throw new PlanError([{ code: 'plugin', message: 'no such plugin', level: 'error', place }])
    }
    expect(await folder.problems(['plan.yaml'], { kindsFor })).toEqual(['targets.yaml:1:1 no such plugin'])
  })
})

describe('targets', () => {
  test('the nearest targets.yaml upwards counts', async () => {
    using folder = new Folder({
      'a/targets.yaml': 'targets: { near: {} }\n',
      'a/b/plan.yaml': planOf('run: x'),
      'plan.yaml': planOf('run: x'),
    })
    const { cases } = await folder.prepare(['a/b/plan.yaml', 'plan.yaml'])
    expect(cases.map(({ target }) => target.name)).toEqual(['near', 'demo'])
  })

  test('a plan that names none means the only one there is', async () => {
    expect((await cases(planOf('run: x')))[0]?.target.name).toBe('demo')
    expect(await problems(planOf('run: x'), { 'targets.yaml': two })).toEqual(['1:1 the plan names no target'])
  })

  test('of a list the first is the default, and any other than these is by design', async () => {
    const files = { 'targets.yaml': `${two}  third:\n    runtime: process\n` }
    const plan = `target: [other, demo]\n${planOf('run: x')}`
    const made = await cases(plan, { targets: ['demo', 'third'] }, files)
    expect((await cases(plan, {}, files)).map(({ target }) => target.name)).toEqual(['other'])
    expect(made.map(({ target, skip }) => [target.name, skip?.class])).toEqual([
      ['demo', undefined],
      ['third', 'by-design'],
    ])
  })

  test('--target overrides the plan, and may be given twice', async () => {
    const made = await cases(
      `target: demo\n${planOf('run: x')}`,
      { targets: ['other', 'demo', 'other'] },
      { 'targets.yaml': two },
    )
    expect(made.map(({ target }) => target.name)).toEqual(['other', 'demo'])
  })

  test('one that is not there is told where it is named', async () => {
    expect(await problems(`target: dmeo\n${planOf('run: x')}`)).toEqual([
      '1:9 unknown target "dmeo"; did you mean "demo"?',
    ])
    expect(await problems(`target: [demo, dmeo]\n${planOf('run: x')}`)).toEqual([
      '1:16 unknown target "dmeo"; did you mean "demo"?',
    ])
    expect(await problems(`target: { name: dmeo }\n${planOf('run: x')}`)).toEqual([
      '1:17 unknown target "dmeo"; did you mean "demo"?',
    ])
    expect(await problems(planOf('run: x'), {}, { targets: ['dmeo'] })).toEqual([
      '1:1 unknown target "dmeo"; did you mean "demo"?',
    ])
  })

  test('variables of a plan reach the target, and expressions know them', async () => {
    const plan = `target: { name: demo, variables: { nat: "\${{ matrix.nat }}" } }\nmatrix: { nat: [cone] }\n`
    expect(
      await problems(`${plan}${planOf('run: "x ${{ target.variables.nat }} ${{ target.variables.cli }}"')}`),
    ).toEqual([])
  })
})

describe('choosing', () => {
  const files = {
    'a.yaml': `tags: [smoke]\nmatrix: { pool: [main, mini] }\n${planOf('run: x')}`,
    'b.yaml': `tags: [slow]\ndescription: About (pools)\n${planOf('run: x')}`,
  }
  const chosen = async (options: object) => {
    using folder = new Folder(files)
    const { cases } = await folder.prepare(['.'], options)
    return cases.map(({ id, title, plan }) => `${id} ${plan.document.file.split('/').at(-1)} ${title}`)
  }

  test('by tag, any of them', async () => {
    expect(await chosen({ tags: ['smoke'] })).toEqual(['c1 a.yaml P [pool=main]', 'c2 a.yaml P [pool=mini]'])
    expect(await chosen({ tags: ['slow'] })).toEqual(['c1 b.yaml P'])
    await expect(chosen({ tags: ['slow', 'nope'] })).rejects.toThrow('no plan has that tag; valid here: slow, smoke')
  })

  test('by words of the file, the title with its row, or the description, or by a pattern', async () => {
    expect(await chosen({ grep: 'b.yaml' })).toEqual(['c1 b.yaml P'])
    expect(await chosen({ grep: 'POOL=MINI' })).toEqual(['c1 a.yaml P [pool=mini]'])
    expect(await chosen({ grep: '(pools)' })).toEqual(['c1 b.yaml P'])
    expect(await chosen({ grep: '/pool=ma?/' })).toEqual(['c1 a.yaml P [pool=main]', 'c2 a.yaml P [pool=mini]'])
    await expect(chosen({ grep: '/(/' })).rejects.toThrow('--grep /(/')
  })

  test('what is not chosen needs no inputs', async () => {
    using folder = new Folder({ ...files, 'c.yaml': `inputs: { needed: {} }\n${planOf('run: x')}` })
    expect((await folder.prepare(['.'], { grep: 'b.yaml' })).cases).toHaveLength(1)
  })
})

describe('a planned case', () => {
  test('lists every step where it stands, those of groups and fragments too, with unique titles', async () => {
    using folder = new Folder({
      'plan.yaml': `${planOf('group: [{ run: x }, { run: x }]', 'name: well\n    use: f.yaml', 'use: f.yaml', 'run: x')}always: [{ name: "run x #2", run: y }]\n`,
      'f.yaml': 'fragment: F\nsteps:\n  - group: [{ sleep: 1s }]\n',
    })
    const { cases, sources, kinds } = await folder.prepare()
    const { steps, id, file } = planned(cases[0] as never, kinds, sources)
    expect([id, file]).toEqual(['c1', folder.at('plan.yaml')])
    expect(steps.map((step) => `${step.id} ${step.line}:${step.column} ${step.title} < ${step.parent ?? ''}`)).toEqual([
      'steps/0 3:5 group < ',
      'steps/0/group/0 3:15 run x < steps/0',
      'steps/0/group/1 3:27 run x #2 < steps/0',
      'steps/1 5:5 well < ',
      'steps/1/steps/0 3:5 group #2 < steps/1',
      'steps/1/steps/0/group/0 3:15 sleep 1s < steps/1/steps/0',
      'steps/2 6:5 use f.yaml < ',
      'steps/2/steps/0 3:5 group #3 < steps/2',
      'steps/2/steps/0/group/0 3:15 sleep 1s #2 < steps/2/steps/0',
      'steps/3 7:5 run x #3 < ',
      'always/0 8:30 run x #2 #2 < ',
    ])
  })
})

describe('the effect of steps', () => {
  const effect = async (steps: readonly string[], files = {}) => {
    using folder = new Folder({ 'plan.yaml': planOf(...steps), ...files })
    const { cases, kinds } = await folder.prepare()
    const [kase] = cases
    if (!kase) throw new Error('no case')
    expect(effectOfSteps(kase.plan.steps, kinds, kase.plan.fragments)).toBe(effectOfCase(kase, kinds))
    return effectOfCase(kase, kinds)
  }

  test('is the most that any of them does', async () => {
    expect(await effect(['assert: { service: web, state: running }', 'http: http://web/'])).toBe('reads')
    expect(await effect(['http: http://web/', 'http: { post: "http://web/" }'])).toBe('changes')
    expect(await effect(['group: [{ inject-fault: { stop: web } }]', 'run: x'])).toBe('breaks')
  })

  test('of a probe counts, where the plan says so or its method changes', async () => {
    expect(await effect(['assert: { run: x }'])).toBe('reads')
    expect(await effect(['assert: { all: [{ run: { command: x, effect: changes } }] }'])).toBe('changes')
    expect(await effect(['wait-for: { http: { post: "http://web/" }, status: 200 }'])).toBe('changes')
  })

  test('of a fragment counts, and of those that it uses', async () => {
    const files = {
      'f.yaml': 'fragment: F\nsteps: [{ use: g.yaml }]\n',
      'g.yaml': 'fragment: G\nsteps: [{ inject-fault: { stop: web } }]\n',
    }
    expect(await effect(['use: f.yaml'], files)).toBe('breaks')
  })
})

describe('very many mistakes', () => {
  test('are told up to a number, and how many more there are', async () => {
    const steps = Array.from({ length: 500 }, (_, at) => `rnu: ${at}`)
    const found = await problems(planOf(...steps))
    expect(found).toHaveLength(101)
    expect(found.at(-1)).toBe('103:5 and 400 more errors from here on')
  })
  test('of which none is told with all of a long text', async () => {
    const [first = ''] = await problems(planOf(`? ${'x'.repeat(100_000)}\n    : 1`))
    expect(first.length).toBeLessThan(2_000)
  })
})
