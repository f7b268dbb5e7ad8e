/** The report of a failure: on screen, in JUnit, in TAP and in the events. */
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Failure, RunEvent } from '../contracts/events.ts'
import { root, runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-messages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

writeFileSync(
  join(folder, 'server.ts'),
  `Bun.serve({ hostname: '127.0.0.1', port: Number(process.env.PORT), fetch: ({ url }) => {
     console.log('asked for ' + new URL(url).pathname)
     return new URL(url).pathname === '/health' ? Response.json({ id: 'n-7', pin: 918273645 }) : new Response('gone', { status: 404 })
   } })`,
)
writeFileSync(
  join(folder, 'targets.yaml'),
  `targets:
  here: { runtime: process }
  web:
    runtime: process
    services: { web: { command: [bun, server.ts], port: auto, ready: { http: /health } } }
  slow:
    runtime: process
    defaults: { up: 1s }
    services: { web: { command: [bun, server.ts], port: auto, ready: { http: /nodes, status: 200 } } }
`,
)

/** Runs a plan with every reporter. */
async function ran(name: string, plan: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  writeFileSync(join(folder, `${name}.yaml`), plan)
  const reporters = ['pretty', 'junit:junit.xml', 'tap:out.tap'].flatMap((one) => ['--reporter', one])
  const command = ['run', `${name}.yaml`, '--color', 'never', '--output', `out-${name}`, ...reporters, ...args]
  const { out, err, code } = await runCli(command, { cwd: folder, env })
  const run = / · run (\S+)/.exec(out)?.[1] ?? 'none'
  const results = join(folder, `out-${name}`, run)
  const file = (one: string) => readFileSync(one, 'utf8')
  const events = file(join(results, 'events.ndjson')).trim().split('\n')
  return {
    out: out + err,
    code,
    events: events.map((line) => JSON.parse(line) as RunEvent),
    junit: file(join(folder, 'junit.xml')),
    tap: file(join(folder, 'out.tap')),
  }
}

function failuresIn(events: readonly RunEvent[]): Failure[] {
  return events.flatMap((event) => (event.is === 'step.ended' ? (event.failure ?? []) : []))
}

describe('what was really asked', () => {
  test('stands in every report, filled in and without secrets', async () => {
    const { out, junit, tap, events } = await ran(
      'asked',
      `plan: asked
target: web
secrets: { token: { env: MESSAGES_TOKEN } }
steps:
  - http: http://web/health
    capture: { id: $.id, pin: { from: $.pin, secret: true } }
  - name: condition
    assert: { http: { get: "http://web/nodes/\${{ id }}?pin=\${{ pin }}", bearer: "\${{ secrets.token }}" }, status: 200 }
  - name: wait
    wait-for: { run: "test \${{ id }} = n-8", within: 200ms }
    continue-on-error: true
  - name: file
    assert: { file: "data/\${{ id }}.json" }
  - name: query
    assert: { sql: { file: none.sqlite, query: "select \${{ id }}" }, count: 1 }
  - name: step
    http: http://web/\${{ id }}
`,
      [],
      { MESSAGES_TOKEN: 'a-token-that-nobody-sees' },
    )
    const [condition, wait, file, query, step] = failuresIn(events).map(({ asked }) => asked?.[0])
    expect(condition?.text).toMatch(
      /^GET http:\/\/web\/nodes\/n-7\?pin=‹secret› \(web is 127\.0\.0\.1:\d+\)\nauthorization: Bearer ‹secret›$/,
    )
    expect(condition?.values).toEqual({ id: 'n-7', pin: '‹secret›', 'secrets.token': '‹secret›' })
    expect(wait).toEqual({ text: 'test n-7 = n-8', values: { id: 'n-7' } })
    expect(file?.text).toEndWith(`${folder}/data/n-7.json`)
    expect(query?.text).toBe('select n-7\nasked of none.sqlite')
    expect(step?.text).toStartWith('GET http://web/n-7 ')
    for (const report of [out, junit, tap]) {
      expect(report).toContain('GET http://web/nodes/n-7?pin=‹secret›')
      expect(report).toContain('authorization: Bearer ‹secret›')
      expect(report).not.toContain('918273645')
      expect(report).toMatch(/id(:| =) "n-7"/)
      expect(report).toContain('asked for /nodes/n-7')
    }
  })
  test('says that a capture of several rounds is a list', async () => {
    const { out } = await ran(
      'rounds',
      `plan: rounds
target: here
steps:
  - run: echo \${{ item }}
    for-each: [a, b]
    capture: { word: stdout }
  - run: "test \\"\${{ word }}\\" = a"
`,
    )
    expect(out).toContain('word is a list: it was captured inside for-each or repeat, once a round')
  })
})

describe('what a command wrote', () => {
  const plan = `plan: w24-output-lost
target: here
steps:
  - { name: timeout, run: { command: "echo the reason >&2; sleep 5", timeout: 300ms }, continue-on-error: true }
  - { name: tail, run: "echo FATAL$((1)) the reason >&2; for i in 1 2 3 4 5 6; do echo '  at frame' >&2; done; exit 1", continue-on-error: true }
  - { name: step limit, run: "seq 100; sleep 5", timeout: 300ms, continue-on-error: true }
  - { name: wait, wait-for: { run: { command: "echo looked; sleep 5", timeout: 100ms }, within: 300ms }, continue-on-error: true }
  - { name: unexpected, run: "echo was here", expect: { stdout: other }, continue-on-error: true }
  - { name: fault, inject-fault: { run: "echo broke; exit 4", undo: "true" }, continue-on-error: true }
  - { name: verify, inject-fault: { run: "true", undo: "true", verify: "echo not normal; exit 1" }, continue-on-error: true }
  - { name: then, apply-config: { file: then.json, set: { $.a: 1 }, then: "test -e told || { touch told; echo no reload; exit 1; }" } }
`
  test('is shown when it failed or was ended, and kept in the results', async () => {
    const { out, junit, tap, events } = await ran('output', plan)
    const outputs = failuresIn(events).map((failure) => failure.outputs?.map(({ stream, lines }) => [stream, lines]))
    expect(outputs).toEqual([
      [['stderr', ['the reason']]],
      [['stderr', ['FATAL1 the reason', ...Array.from({ length: 6 }, () => '  at frame')]]],
      [['stdout', Array.from({ length: 40 }, (_, index) => String(61 + index))]],
      [['stdout', ['looked']]],
      [['stdout', ['was here']]],
      [['stdout', ['broke']]],
      [['stdout', ['not normal']]],
      [['stdout', ['no reload']]],
    ])
    const limited = failuresIn(events)[2]?.outputs?.[0]
    expect(limited?.total).toBe(100)
    expect(readFileSync(join(folder, limited?.path ?? ''), 'utf8')).toStartWith('1\n2\n3\n')
    expect(out).toContain(`stdout (the last 40 of 100 lines; all of it is in ${limited?.path})`)
    for (const report of [out, junit, tap]) {
      expect(report).toContain('FATAL1 the reason')
      expect(report).toContain(limited?.path ?? '?')
    }
    expect(events).toContainEqual(expect.objectContaining({ is: 'attachment', path: limited?.path }))
  })
})

describe('what could not be put back', () => {
  const stuck = (name: string) => `plan: ${name}
target: here
steps:
  - inject-fault: { run: "touch ${name}", undo: "echo tried; echo the backup is gone >&2; exit 1", verify: "test ! -e ${name}" }
`
  test('shows what the undo and its verify wrote, and names --give-up', async () => {
    const { out, code, junit, tap, events } = await ran('stuck', stuck('stuck'))
    expect(code).toBe(4)
    const restored = events.find((event) => event.is === 'restored')
    expect(restored?.outputs?.map(({ of, stream, lines }) => [of, stream, lines])).toEqual([
      ['the undo', 'stdout', ['tried']],
      ['the undo', 'stderr', ['the backup is gone']],
    ])
    for (const report of [out, junit, tap]) {
      expect(report).toContain('tried')
      expect(report).toContain('the backup is gone')
      expect(report).toContain('--give-up')
    }
    const again = await runCli(['restore', '.'], { cwd: folder })
    expect(again.out).toContain('stdout of the undo\n      | tried')
    expect(again.out).toContain('--give-up')
    const dirty = await ran('dirty', stuck('dirty'))
    expect(dirty.out).toContain('--give-up')
    expect((await runCli(['restore', '.', '--give-up'], { cwd: folder })).code).toBe(0)
  }, 60_000)
})

describe('a target that another run holds', () => {
  test('says how to wait for it', async () => {
    writeFileSync(join(folder, 'held.yaml'), 'plan: held\ntarget: here\nsteps:\n  - run: touch held; sleep 60\n')
    const args = ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'run', 'held.yaml', '--output', 'out-held']
    const holder = Bun.spawn(args, { cwd: folder, stdout: 'ignore', stderr: 'ignore' })
    while (!existsSync(join(folder, 'held'))) await Bun.sleep(10)
    const plan = 'plan: waits\ntarget: here\nsteps:\n  - run: touch waits\n'
    const [now, later] = [await ran('waits', plan), await ran('waits', plan, ['--wait-lock', '100ms'])]
    holder.kill('SIGTERM')
    await holder.exited
    expect([now.code, later.code]).toEqual([75, 75])
    expect(now.out).toContain('→ to wait for it to end, add --wait-lock 10m')
    expect(later.out).toContain('also after 100ms')
    expect(now.tap).toContain('--wait-lock')
    expect(now.junit).toContain('--wait-lock')
  }, 60_000)
})

test('a stack that does not get ready says which service, what it waited for, and the last reading', async () => {
  const { out, junit, tap, events } = await ran('slow', 'plan: slow\ntarget: slow\nsteps:\n  - run: "true"\n')
  const ended = events.find((event) => event.is === 'case.ended')
  expect(ended?.failures[0]?.message).toBe(
    'web was not ready within 1s: status is 404, expected 200 (waited for /nodes: status 200)',
  )
  for (const report of [out, junit, tap]) {
    expect(report).toContain('waited for /nodes: status 200')
    expect(report).toContain('GET http://web/nodes')
    expect(report).toContain('asked for /nodes')
  }
})

test('--keep says what is left in and where, and not what an undo would do', async () => {
  const plan = `plan: keeps
target: web
steps:
  - inject-fault: { pause: web }
  - apply-config: { file: kept.json, set: { $.a: 1 } }
`
  const { out, junit, tap, events } = await ran('keeps', plan, ['--keep'])
  try {
    const kept = events.flatMap((event) => (event.is === 'restored' ? [event] : []))
    expect(kept.map(({ title, outcome }) => [title, outcome])).toEqual([
      ['starts web', 'kept'],
      ['freezes web', 'kept'],
      ['writes kept.json', 'kept'],
    ])
    const where = /web is paused: http:\/\/127\.0\.0\.1:\d+, process \d+, folder \/\S+/
    for (const report of [out, junit, tap]) {
      expect(report).toMatch(where)
      expect(report).not.toContain('is gone')
      expect(report).not.toContain('as it was')
    }
    expect(out).toContain('changes were left in; to put them back, type:')
  } finally {
    expect((await runCli(['restore', '.'], { cwd: folder })).code).toBe(0)
  }
}, 60_000)

test('a capture out of a text that is not JSON says why it is not, and where', async () => {
  const { out } = await ran(
    'capture',
    `plan: capture
target: here
steps:
  - run: echo '{"a":NaN}'
    capture: { a: $.a }
`,
  )
  expect(out).toMatch(/nothing to capture as "a": \$\.a needs a document: not JSON: line 1, column 6: .*NaN/)
})
