/** Whole runs, as a user starts them. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunEvent } from '../contracts/events.ts'
import { root, runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-run-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

writeFileSync(
  join(folder, 'server.ts'),
  "Bun.serve({ hostname: '127.0.0.1', port: Number(process.env.PORT), fetch: () => Response.json({ up: true, pid: process.pid }) })\nconsole.log('listening')\n",
)
writeFileSync(
  join(folder, 'targets.yaml'),
  `targets:
  demo:
    services:
      web: { command: [bun, server.ts, "\${{ run.id }}"], port: auto, files: { a.json: a.json }, ready: { http: /health } }
  here: { runtime: process }
  planned: &shared
    lifetime: plan
    services: { web: { command: [bun, server.ts, "\${{ run.id }}"], port: auto, ready: { http: /health } } }
  whole: { <<: *shared, lifetime: run }
  short: { runtime: process, defaults: { lease: 2s } }
`,
)
writeFileSync(join(folder, 'a.json'), '{ "a": 1 }\n')

describe('the plans of this project', () => {
  test('pass side by side on the embedded default, and report as JUnit and TAP', async () => {
    const out = join(folder, 'out.xml')
    const ended = await plan(
      [
        'plans',
        '--workers',
        '3',
        '--reporter',
        `junit:${out}`,
        '--reporter',
        'tap',
        '--output',
        join(folder, 'results'),
      ],
      { cwd: root },
    )
    expect(ended.err).not.toContain('error')
    expect(ended.out).toStartWith('TAP version 14\n1..3\n')
    expect(ended.out).not.toMatch(/^not ok/m)
    expect(readFileSync(out, 'utf8')).toContain('<testsuites')
    expect(ended.code).toBe(0)
    expect(
      existsSync(join(root, 'plans', '.shakedown', 'work'))
        ? readdirSync(join(root, 'plans', '.shakedown', 'work'))
        : [],
    ).toEqual([])
  }, 60_000)

  test('are linted, listed and shown without anything being touched', async () => {
    const [linted, listed, shown] = await Promise.all([
      plan(['lint', 'plans'], { cwd: root }),
      plan(['list', 'plans'], { cwd: root }),
      plan(['show', 'plans/node-down.yaml'], { cwd: root }),
    ])
    expect(linted.out).toBe('3 plans, 3 cases: nothing is wrong\n')
    expect(listed.out).toContain('Frozen node')
    expect(shown.out).toContain('does  stops node')
    expect(shown.out).toContain('undo  node is started again')
    expect([linted.code, listed.code, shown.code]).toEqual([0, 0, 0])
  })
})

describe('a run that is interrupted', () => {
  const waiting =
    'plan: Waiting\ntarget: demo\nsteps:\n  - inject-fault: { stop: web }\n  - wait-for: { http: http://web/, expect: { $.never: 1 }, within: 60s }\nalways:\n  - { name: evidence, run: "true" }\n'

  for (const [word, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    test(`by ${word} restores, and ends with ${code}`, async () => {
      const run = begin(waiting)
      await run.until((event) => event.is === 'step.waiting')
      run.child.kill(word)
      expect(await run.child.exited).toBe(code)
      const events = run.events()
      expect(events.find((event) => event.is === 'restored')).toMatchObject({
        title: 'web is running',
        outcome: 'restored',
        by: 'end',
      })
      expect(events.find((event) => event.is === 'step.ended' && event.step === 'always/0')).toMatchObject({
        outcome: 'passed',
      })
      expect(events.find((event) => event.is === 'case.ended')).toMatchObject({
        outcome: 'failed',
        restored: 'restored',
      })
      await eventually(() => run.leftProcesses().length === 0)
    }, 30_000)

  test('twice and thrice is told how far the restore is, which goes on', async () => {
    writeFileSync(join(folder, 'slow'), '')
    const run = begin(
      `plan: Slow\ntarget: here\nsteps:\n  - run: touch in.txt\n    undo: while [ -e slow ]; do sleep 0.05; done; rm -f in.txt\n    verify: test ! -e in.txt\n  - wait-for: { file: never, exists: true, within: 60s }\n`,
    )
    const told = () => run.events().flatMap((event) => (event.is === 'interrupted' ? [event.message] : []))
    await run.until((event) => event.is === 'step.waiting')
    run.child.kill('SIGINT')
    await run.until((event) => event.is === 'phase.started' && event.phase === 'restore')
    for (const times of [2, 3]) {
      // What comes within a second is one and the same.
      await eventually(() => {
        if (told().length < times) run.child.kill('SIGINT')
        return told().length >= times
      })
      expect(told().at(-1)).toMatch(
        /^still putting back 1 change \(run touch in\.txt\): for \ds now, 5m at most for each try .* --abandon leaves changes in$/,
      )
    }
    expect(run.child.exitCode).toBe(null)
    rmSync(join(folder, 'slow'))
    expect(await run.child.exited).toBe(130)
    expect(existsSync(join(folder, 'in.txt'))).toBe(false)
    expect(run.events().find((event) => event.is === 'case.ended')).toMatchObject({ restored: 'restored' })
    await eventually(() => leftFiles().length === 0)
  }, 30_000)

  test('with --abandon leaves changes in, and their journal', async () => {
    const run = begin(
      'plan: Abandoned\ntarget: here\nsteps:\n  - run: touch in.txt\n    undo: rm -f in.txt\n  - wait-for: { file: never, exists: true, within: 60s }\n',
      ['--abandon'],
    )
    await run.until((event) => event.is === 'step.waiting')
    run.child.kill('SIGINT')
    expect(await run.child.exited).toBe(130)
    expect(run.events().find((event) => event.is === 'interrupted')).toMatchObject({
      message: expect.stringContaining('left in, as --abandon says'),
    })
    expect([existsSync(join(folder, 'in.txt')), leftFiles().length > 0]).toEqual([true, true])
    expect((await plan(['restore'])).code).toBe(0)
    expect([existsSync(join(folder, 'in.txt')), leftFiles()]).toEqual([false, []])
  }, 30_000)

  test('by SIGKILL is put back by its guardian, which then goes, too', async () => {
    const run = begin(waiting)
    await run.until((event) => event.is === 'step.waiting')
    run.child.kill('SIGKILL')
    await run.child.exited
    const restored = await plan(['restore'], { cwd: folder })
    expect(restored.out).toEndWith('nothing is left to restore\n')
    expect(restored.code).toBe(0)
    await eventually(() => run.leftProcesses().length === 0)
    await eventually(() => leftFiles().length === 0)
  }, 30_000)

  test('by SIGKILL after its guardian was killed leaves a dirty target, and `plan restore` puts that right', async () => {
    const run = begin(waiting)
    await run.until((event) => event.is === 'step.waiting')
    run.child.kill('SIGSTOP')
    for (const pid of guardians()) process.kill(pid, 'SIGKILL')
    run.child.kill('SIGKILL')
    await run.child.exited
    await eventually(() => run.leftProcesses().length === 0)
    const refused = await plan([run.file], { cwd: folder })
    expect(refused.code).toBe(4)
    expect(refused.out).toContain('is dirty')
    expect(refused.out).toContain('bun run plan restore')
    const restored = await plan(['restore'], { cwd: folder })
    expect(restored.out).toContain('restored: web is running')
    expect(restored.code).toBe(0)
    expect((await plan(['restore'], { cwd: folder })).out).toBe('nothing is left to restore\n')
    await eventually(() => leftFiles().length === 0)
  }, 30_000)

  test('can be undone by hand: a loop of sh over its journal', async () => {
    writeFileSync(join(folder, 'kept.json'), '{"a":   1}')
    const kept = await plan([
      write(
        'plan: P\ntarget: here\nsteps:\n  - apply-config: { file: kept.json, set: { $.a: 2 } }\n  - apply-config: { file: kept.json, set: { $.a: 3 } }\n',
      ),
      '--keep',
    ])
    expect(kept.out).toContain('bun run plan restore')
    const [name = ''] = readdirSync(join(folder, '.shakedown', 'journal'))
    const journal = join(folder, '.shakedown', 'journal', name)
    const loop = 'for f in $(ls -r *.sh); do sh "./$f" && sh "./${f%.sh}.verify" || exit 1; done'
    expect(Bun.spawnSync(['sh', '-c', loop], { cwd: journal }).exitCode).toBe(0)
    expect(readFileSync(join(folder, 'kept.json'), 'utf8')).toBe('{"a":   1}')
    rmSync(journal, { recursive: true })
  }, 30_000)

  test('by its guardian being killed goes on, with another one', async () => {
    const run = begin(waiting.replace('60s', '3s'))
    await run.until((event) => event.is === 'step.waiting')
    const before = guardians()
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await eventually(() => guardians().some((pid) => !before.includes(pid)))
    expect(await run.child.exited).toBe(1)
    expect(run.events().find((event) => event.is === 'case.ended')).toMatchObject({ restored: 'restored' })
    await eventually(() => leftFiles().length === 0)
  }, 30_000)

  test('by being stopped for longer than its lease is put back meanwhile, and changes nothing more when it comes back', async () => {
    writeFileSync(join(folder, 'kept.json'), '{"a":   1}')
    const run = begin(
      'plan: Stopped\ntarget: short\nsteps:\n  - apply-config: { file: kept.json, set: { $.a: 2 } }\n  - wait-for: { file: go, exists: true, within: 60s }\n  - apply-config: { file: kept.json, set: { $.a: 3 } }\n',
    )
    await run.until((event) => event.is === 'step.waiting')
    expect(readFileSync(join(folder, 'kept.json'), 'utf8')).not.toBe('{"a":   1}')
    run.child.kill('SIGSTOP')
    await eventually(() => readFileSync(join(folder, 'kept.json'), 'utf8') === '{"a":   1}')
    writeFileSync(join(folder, 'go'), '')
    run.child.kill('SIGCONT')
    expect(await run.child.exited).toBe(3)
    expect(run.events().find((event) => event.is === 'case.ended')).toMatchObject({
      outcome: 'errored',
      restored: 'restored',
    })
    expect(JSON.stringify(run.events())).toContain('took it for gone')
    expect(readFileSync(join(folder, 'kept.json'), 'utf8')).toBe('{"a":   1}')
    await eventually(() => leftFiles().length === 0)
  }, 60_000)
})

/** Journals and work files. */
function leftFiles(): string[] {
  return ['journal', 'work'].flatMap((name) => {
    const of = join(folder, '.shakedown', name)
    return existsSync(of) ? readdirSync(of) : []
  })
}

/** Process ids of the guardians of the only journal there is. */
function guardians(): number[] {
  const journals = join(folder, '.shakedown', 'journal')
  const [name] = readdirSync(journals)
  if (name === undefined) return []
  const pids = readFileSync(join(journals, name, 'guardians'), 'utf8').split(/\s+/)
  return pids.filter(Boolean).map(Number)
}

describe('what a case may do', () => {
  test('captures, rounds and conditions keep their types', async () => {
    const { code, out } = await plan([
      write(`plan: Values
target: demo
inputs: { n: { default: 3, type: number } }
variables: { double: "\${{ inputs.n * 2 }}" }
steps:
  - http: http://web/
    capture: { pid: $.pid }
  - assert: { value: "\${{ pid > 0 && variables.double == 6 }}" }
  - for-each: { word: [a, "b c", "$HOME"] }
    run: printf %s \${{ word }}
    capture: { said: stdout }
  - assert: { value: "\${{ said }}", is: [a, "b c", "$HOME"] }
  - repeat: 2
    run: "test \${{ index }} -ge 1"
  - if: inputs.n > 5
    run: exit 1
`),
    ])
    expect(out).toContain('1 passed')
    expect(code).toBe(0)
  }, 30_000)

  test('a step that fails stops the rest, on-failure runs once and sees the fault, everything is put back', async () => {
    const run = begin(`plan: P
target: demo
steps:
  - inject-fault: { pause: web }
  - assert: { value: 1, is: 2 }
  - run: exit 1
  - run: echo never
on-failure:
  - assert: { service: web, state: paused }
always:
  - run: "true"
`)
    expect(await run.child.exited).toBe(1)
    const ended = run.events().flatMap((event) => (event.is === 'step.ended' ? [`${event.step} ${event.outcome}`] : []))
    expect(ended).toEqual([
      'steps/0 passed',
      'steps/1 failed',
      'on-failure/0 passed',
      'steps/2 failed',
      'steps/3 not-run',
      'always/0 passed',
    ])
    expect(run.events().find((event) => event.is === 'case.ended')).toMatchObject({ restored: 'restored' })
  }, 30_000)

  test('a file outside of services is put back byte for byte; --keep leaves it and `restore` undoes it', async () => {
    writeFileSync(join(folder, 'kept.json'), '{"a":   1}')
    const file = write('plan: P\ntarget: here\nsteps:\n  - apply-config: { file: kept.json, set: { $.a: 2 } }\n')
    expect((await plan([file])).code).toBe(0)
    expect(readFileSync(join(folder, 'kept.json'), 'utf8')).toBe('{"a":   1}')
    const kept = await plan([file, '--keep'])
    expect(kept.out).toContain('bun run plan restore')
    expect(JSON.parse(readFileSync(join(folder, 'kept.json'), 'utf8'))).toEqual({ a: 2 })
    expect((await plan(['restore'])).code).toBe(0)
    expect(readFileSync(join(folder, 'kept.json'), 'utf8')).toBe('{"a":   1}')
  }, 30_000)

  test('what somebody else changed meanwhile is left alone, and shown as a diff by the report and by `restore`', async () => {
    const before = '{ "a": 1 }\n'
    writeFileSync(join(folder, 'theirs.json'), before)
    const steps = 'plan: P\ntarget: here\nsteps:\n  - apply-config: { file: theirs.json, set: { $.a: 2 } }\n'
    const drifted = await plan([write(`${steps}  - run: 'echo "{}" >theirs.json'\n`)])
    expect(drifted.code).toBe(4)
    expect(drifted.out).toContain('changed by somebody else meanwhile')
    for (const line of ['-{ "a": 1 }', '+{}']) expect(drifted.out).toContain(line)
    expect(readFileSync(join(folder, 'theirs.json'), 'utf8')).toBe('{}\n')
    writeFileSync(join(folder, 'theirs.json'), before)
    await plan([write(steps), '--keep'])
    writeFileSync(join(folder, 'theirs.json'), '{ "b": 3 }\n')
    const restored = await plan(['restore'])
    expect(restored.code).toBe(4)
    for (const line of ['drifted: ', '-{ "a": 1 }', '+{ "b": 3 }', '--force']) expect(restored.out).toContain(line)
    expect(readFileSync(join(folder, 'theirs.json'), 'utf8')).toBe('{ "b": 3 }\n')
    expect((await plan(['restore', '--force'])).code).toBe(0)
    expect(readFileSync(join(folder, 'theirs.json'), 'utf8')).toBe(before)
    expect(leftFiles()).toEqual([])
  }, 30_000)

  test('a secret of the plan in a file keeps its diff from being shown', async () => {
    writeFileSync(join(folder, 'hidden.json'), '{ "a": 1 }\n')
    const text =
      'plan: P\ntarget: here\nsecrets: { IT: { command: echo tell-nobody } }\nsteps:\n  - apply-config: { file: hidden.json, set: { $.a: "${{ secrets.IT }}" } }\n'
    const kept = await plan([write(text), '--keep'])
    writeFileSync(join(folder, 'hidden.json'), '{ "a": "also tell-nobody" }\n')
    const restored = await plan(['restore'])
    expect(restored.out).toContain('how is not shown, since it may hold secrets')
    expect(kept.out + restored.out + restored.err).not.toContain('tell-nobody')
    expect((await plan(['restore', '--force'])).code).toBe(0)
  }, 30_000)

  test('a change that has no undo and that the baseline sees is never a pass', async () => {
    const file = write(
      'plan: P\ntarget: demo\nbaseline:\n  - fingerprint: { name: a, file: a.json, in: web }\nsteps:\n  - run: { in: web, command: "echo >> a.json" }\n',
    )
    const { code, out } = await plan([file])
    expect(out).toContain('a is changed')
    expect(code).toBe(4)
  }, 30_000)

  test('a fault that is bounded by `for:` ends by itself, and counts as restored', async () => {
    const { code, out } = await plan([
      write(
        'plan: P\ntarget: demo\nsteps:\n  - inject-fault: { pause: web, for: 300ms }\n  - wait-for: { service: web, state: healthy, within: 10s }\n  - restore: web\n',
      ),
    ])
    expect(out).toContain('web goes on')
    expect(code).toBe(0)
  }, 30_000)

  test('`last-resort` runs only when it could not be proven that all is restored, and the proof is tried again', async () => {
    const steps = (resort: string) =>
      write(
        `plan: P\ntarget: demo\nbaseline:\n  - fingerprint: { name: a, file: a.json, in: web }\nsteps:\n  - run: { in: web, command: "cp a.json b.json; echo >> a.json" }\nlast-resort:\n  - run: { in: web, command: "${resort}" }\n`,
      )
    expect(await plan([steps('cp b.json a.json')])).toMatchObject({ code: 0 })
    expect(await plan([steps('true')])).toMatchObject({ code: 4 })
  }, 30_000)

  test('a target that another run holds is busy: 75, and who holds it', async () => {
    const run = begin(
      'plan: Holder\ntarget: here\nsteps:\n  - run: "true"\n  - wait-for: { file: never, within: 60s }\n',
    )
    await run.until((event) => event.is === 'step.waiting')
    const busy = await plan([write('plan: Q\ntarget: here\nsteps: [{ run: "true" }]\n')])
    expect(busy.code).toBe(75)
    const [id = ''] = run.events().flatMap((event) => (event.is === 'run.started' ? [event.run] : []))
    expect(busy.out).toContain(
      `the target is busy: run ${id} (process ${run.child.pid} on ${hostname()}) holds it for "${run.file}"`,
    )
    run.child.kill('SIGTERM')
    await run.child.exited
  }, 30_000)

  test('only what reads is run under --check; skipped is never passed', async () => {
    const file = write('plan: P\ntarget: here\nsteps:\n  - assert: { value: 1, is: 1 }\n  - run: touch touched\n')
    const { code, out } = await plan([file, '--check'])
    expect(out).toContain('1 checked')
    expect(existsSync(join(folder, 'touched'))).toBe(false)
    expect(code).toBe(0)
    const skipped = write(
      'plan: P\ntarget: here\nrequires: [{ run: "exit 1", reason: no licence }]\nsteps: [{ run: "true" }]\n',
    )
    expect(await plan([skipped])).toMatchObject({ code: 5 })
    expect(await plan([skipped, '--no-skip'])).toMatchObject({ code: 1 })
  }, 30_000)
})

describe('a stack that outlives its cases', () => {
  const matrix = 'plan: Rows\nmatrix: { row: [1, 2, 3] }\n'
  const body =
    'steps:\n  - http: http://web/\n    capture: { pid: $.pid }\n  - run: "echo ${{ pid }} >>pids-${{ target.name }}"\n    undo: none\n  - inject-fault: { pause: web }\n  - assert: { logs: web, count: 0 }\n'
  const pids = (name: string) =>
    readFileSync(join(folder, `pids-${name}`), 'utf8')
      .split('\n')
      .filter(Boolean)

  test('is one for all rows of a plan, each of which puts back what it broke, and is gone with the last', async () => {
    const file = write(`${matrix}target: planned\n${body}`)
    const { out, code } = await plan([file, '--workers', '3'])
    expect(out).toContain('3 passed')
    expect(code).toBe(0)
    expect(pids('planned').length).toBe(3)
    expect(new Set(pids('planned')).size).toBe(1)
    expect(existsSync(`/proc/${pids('planned')[0]}`)).toBe(false)
    expect(leftFiles().filter((name) => name.includes('stack'))).toEqual([])
  }, 30_000)

  test('is one for all plans of a run', async () => {
    const files = [write(`plan: A\ntarget: whole\n${body}`), write(`plan: B\ntarget: whole\n${body}`)]
    const { out, code } = await plan(files)
    expect(out).toContain('2 passed')
    expect(code).toBe(0)
    expect(new Set(pids('whole')).size).toBe(1)
    expect(leftFiles().filter((name) => name.includes('stack'))).toEqual([])
  }, 30_000)
})

describe('a stack that can not be taken down', () => {
  test('is never a pass: the case says so, and the run ends with 4', async () => {
    const home = join(folder, 'stubborn')
    const pack = join(home, 'node_modules', 'stubborn-runtime')
    mkdirSync(pack, { recursive: true })
    writeFileSync(join(pack, 'package.json'), '{ "name": "stubborn-runtime", "version": "1.0.0", "main": "index.ts" }')
    writeFileSync(
      join(pack, 'index.ts'),
      `import { mapping } from 'shakedown'
const undo = { of: 'stack', title: 'the stack is gone', sh: 'echo it stays >&2; exit 1', settles: 0, touches: [], ends: { by: 'undo' } }
const open = async () => ({
  names: () => [], service: () => { throw new Error('none') }, [Symbol.asyncDispose]: async () => undefined,
  up: async () => ({ does: 'starts it', touches: [], undo, apply: async () => undefined }),
})
export default { runtimes: [{ name: 'stubborn', summary: 'Stays.', params: mapping({}), services: () => [], owned: () => true, open }] }
`,
    )
    writeFileSync(join(home, 'targets.yaml'), 'plugins: [stubborn-runtime]\ntargets: { it: { runtime: stubborn } }\n')
    writeFileSync(join(home, 'plan.yaml'), 'plan: P\nsteps: [{ run: "true" }]\n')
    const { code, out } = await plan(['plan.yaml'], { cwd: home })
    expect(out).toContain('it stays')
    expect(out).toContain('bun run plan restore')
    expect(out).not.toContain('1 passed')
    expect(code).toBe(4)
  }, 30_000)
})

describe('a plugin', () => {
  test('adds kinds out of another package: validated, documented, in the schema, and run', async () => {
    const home = join(folder, 'with-plugin')
    const pack = join(home, 'node_modules', 'acme-kinds')
    mkdirSync(pack, { recursive: true })
    writeFileSync(join(pack, 'package.json'), '{ "name": "acme-kinds", "version": "1.0.0", "main": "index.ts" }')
    writeFileSync(
      join(pack, 'index.ts'),
      `import { CheckFailure, defineProbe, defineStep, mapping, text } from 'shakedown'
const greet = defineStep({
  name: 'greet', summary: 'Greets somebody.', effect: 'reads', params: mapping({ whom: text('who') }), examples: [{ whom: 'you' }],
  run: async ({ whom }, { note }) => { note('hello ' + whom); if (whom === 'nobody') throw new CheckFailure('nobody is there'); return undefined },
})
const answer = defineProbe({
  name: 'answer', summary: 'The answer.', params: text('to what'), fields: { is: { description: 'it', type: 'number' } }, examples: [{ answer: 'all', is: 42 }],
  read: async () => ({ fields: { is: 42 }, says: '42' }),
})
export default { steps: [greet], probes: [answer] }
`,
    )
    writeFileSync(join(home, 'targets.yaml'), 'plugins: [acme-kinds]\ntargets: { here: { runtime: process } }\n')
    writeFileSync(
      join(home, 'good.yaml'),
      'plan: P\nsteps:\n  - greet: { whom: you }\n  - assert: { answer: all, is: 42 }\n',
    )
    writeFileSync(join(home, 'bad.yaml'), 'plan: P\nsteps:\n  - greet: { whmo: you }\n')
    expect(await plan(['good.yaml'], { cwd: home })).toMatchObject({ code: 0 })
    expect((await plan(['lint', 'bad.yaml'], { cwd: home })).err).toContain('did you mean "whom"')
    expect((await plan(['steps', 'greet'], { cwd: home })).out).toContain('Greets somebody.')
    expect((await plan(['schema'], { cwd: home })).out).toContain('"greet"')
  }, 30_000)

  test('that ends the process by itself leaves a log that is complete so far', async () => {
    const home = join(folder, 'with-leaver')
    mkdirSync(home, { recursive: true })
    writeFileSync(
      join(home, 'leave.ts'),
      `import { defineStep, mapping } from 'shakedown'
const leave = defineStep({
  name: 'leave', summary: 'Ends the process.', effect: 'reads', params: mapping({}), examples: [{}],
  run: async () => process.exit(9),
})
export default { steps: [leave] }
`,
    )
    writeFileSync(join(home, 'targets.yaml'), 'plugins: [./leave.ts]\ntargets: { here: { runtime: process } }\n')
    writeFileSync(join(home, 'plan.yaml'), 'plan: P\nsteps:\n  - run: [echo, one]\n  - leave: {}\n')
    expect(await plan(['plan.yaml'], { cwd: home })).toMatchObject({ code: 9 })
    const [run = ''] = readdirSync(join(home, 'shakedown-results'))
    const log = readFileSync(join(home, 'shakedown-results', run, 'events.ndjson'), 'utf8')
    expect(log).toEndWith('\n')
    const last = JSON.parse(log.trimEnd().split('\n').at(-1) ?? '') as RunEvent
    expect(last).toMatchObject({ is: 'step.started', kind: 'leave' })
  })
})

let counter = 0

function write(text: string): string {
  const name = `plan-${++counter}.yaml`
  writeFileSync(join(folder, name), text)
  return name
}

const plan = (args: readonly string[], { cwd = folder }: { cwd?: string } = {}) => runCli(args, { cwd })

/** Starts a plan and follows its event log. */
function begin(text: string, flags: readonly string[] = []) {
  const file = write(text)
  const output = join(folder, `results-${counter}`)
  const child = Bun.spawn(['bun', '--no-env-file', join(root, 'runner/cli.ts'), file, '--output', output, ...flags], {
    cwd: folder,
    stdout: 'ignore',
    stderr: 'ignore',
    stdin: 'ignore',
  })
  const events = (): RunEvent[] => {
    const [run] = existsSync(output) ? readdirSync(output) : []
    const log = run === undefined ? '' : join(output, run, 'events.ndjson')
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
    return lines.map((line) => JSON.parse(line) as RunEvent)
  }
  return {
    file,
    child,
    events,
    until: (is: (event: RunEvent) => boolean) => eventually(() => events().some(is)),
    /** Processes whose command line names the work folder, or that serve this folder's server. */
    leftProcesses: () => pids(events()),
  }
}

function pids(events: readonly RunEvent[]): string[] {
  const run = events.find((event) => event.is === 'run.started')?.run ?? 'none'
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(run))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > end) throw new Error('it never came to that')
    await new Promise((next) => setTimeout(next, 5))
  }
}
