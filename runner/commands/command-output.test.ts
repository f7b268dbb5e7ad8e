/** Output that is not known as a whole is not judged as whole; a command is over when it ends. */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'shakedown-output-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'targets.yaml'), 'targets:\n  here: { runtime: process }\n')

async function run(steps: readonly object[], more: object = {}) {
  const file = join(folder, `${Bun.hash(JSON.stringify([steps, more]))}.yaml`)
  writeFileSync(file, JSON.stringify({ plan: 'Output', target: 'here', steps, ...more }))
  const { out, err, code } = await runCli(['run', file], { cwd: folder })
  return { code, said: out + err }
}

const LONG = "head -c 17000000 /dev/zero | tr '\\0' x"

describe('output that was cut', () => {
  const untaken: readonly [name: string, assert: object][] = [
    ['does not prove that a word is missing', { run: `${LONG}; echo PANIC`, stdout: { not: { contains: 'PANIC' } } }],
    ['does not prove it by a pattern', { run: `${LONG}; echo PANIC`, stdout: { not: { matches: 'PANIC$' } } }],
    ['has no known length', { run: LONG, stdout: { length: { lte: 17_000_000 } } }],
    ['does not prove it of stderr', { run: `${LONG} >&2`, stderr: { not: { contains: 'PANIC' } } }],
    ['is not a document', { run: `echo '{"a": 1}'; ${LONG}`, expect: { '$.a': { absent: true } } }],
    ['does not satisfy `none`', { none: [{ run: LONG, stdout: { contains: 'PANIC' } }] }],
  ]
  test.each(untaken)('%s', async (_, assert) => {
    const { code, said } = await run([{ assert }])
    expect(said).toContain('cut at 16 MiB')
    expect(said).not.toContain('not JSON')
    expect(code).toBe(1)
  })
  test('holds where the missing part changes nothing', async () => {
    const { code } = await run([
      { assert: { run: `echo READY; ${LONG}`, stdout: { contains: 'READY' } } },
      { assert: { run: LONG, stdout: { length: { gte: 1_000_000 } } } },
      { assert: { run: `echo '{"a": 1}'; ${LONG} >&2`, expect: { '$.a': 1, stdout: { not: { contains: 'x' } } } } },
    ])
    expect(code).toBe(0)
  })
  test('holds up to 16 MiB', async () => {
    const whole = "head -c 16777216 /dev/zero | tr '\\0' x"
    expect((await run([{ assert: { run: whole, stdout: { not: { contains: 'PANIC' } } } }])).code).toBe(0)
  })
})

describe('output that is not UTF-8', () => {
  test('does not prove that a word is missing, nor that it is the whole', async () => {
    for (const stdout of [{ not: { contains: 'é' } }, { length: 4 }, 'caf?']) {
      const { code, said } = await run([{ assert: { run: "printf 'caf\\351'", stdout } }])
      expect(said).toContain('some of its bytes are not UTF-8')
      expect(code).toBe(1)
    }
  })
  test('holds where the bytes that are not UTF-8 change nothing', async () => {
    const { code } = await run([{ assert: { run: "printf 'caf\\351'", stdout: { contains: 'caf' } } }])
    expect(code).toBe(0)
  })
  test('drops a byte order mark', async () => {
    const { code } = await run([
      { assert: { run: `printf '\\357\\273\\277{"a": 1}\\n'`, expect: { '$.a': 1, stdout: '{"a": 1}' } } },
    ])
    expect(code).toBe(0)
  })
})

describe('a child of a command', () => {
  test('does not keep the command waiting though it writes on; it is told and ends with the case', async () => {
    const talk = `(while :; do echo tick; sleep 0.05; done) & echo "child $!"`
    const { code, said } = await run(
      [
        { run: { command: talk, timeout: '20s' }, capture: { child: { from: 'stdout', matches: 'child (\\d+)' } } },
        { assert: { run: ['kill', '-0', '${{ child }}'] } },
        { run: ['sh', '-c', `echo "$1" >${folder}/child`, 'sh', '${{ child }}'] },
      ],
      { timeout: '15s' },
    )
    expect(said).toMatch(/its command left .*\(process \d+\).* running, ended with the case/)
    expect(code).toBe(0)
    const gone = await runCli(['run', await killed()], { cwd: folder })
    expect([gone.code, gone.out]).toEqual([0, expect.stringContaining('passed')])
  })
  test('is told also when it is silent', async () => {
    const { code, said } = await run([{ run: 'sleep 71 >/dev/null 2>&1 & echo started' }])
    expect(said).toMatch(/its command left sleep 71 \(process \d+\) running, ended with the case/)
    expect(code).toBe(0)
  })
  test('stays when it has a session of its own, which is told where it holds the output', async () => {
    const { code, said } = await run([
      { run: { command: 'setsid sh -c "sleep 1; echo late" & echo started', timeout: '20s' } },
    ])
    expect(said).toContain('which is not ended with the case')
    expect(code).toBe(0)
  })
  test('does not outwait a time limit', async () => {
    const start = performance.now()
    const talk = 'setsid timeout 8 sh -c "while :; do echo tick; sleep 0.05; done" & sleep 60'
    const { code, said } = await run([{ run: { command: talk, timeout: '500ms' } }])
    expect(said).toContain('did not end within 500ms')
    expect([code, performance.now() - start < 7_000]).toEqual([1, true])
  })
})

/** A plan that waits until the child is gone. */
async function killed(): Promise<string> {
  const file = join(folder, 'killed.yaml')
  const child = (await Bun.file(join(folder, 'child')).text()).trim()
  const gone = { 'wait-for': { run: ['kill', '-0', child], exit: { not: 0 }, within: '10s' } }
  writeFileSync(file, JSON.stringify({ plan: 'Gone', target: 'here', steps: [gone] }))
  return file
}
