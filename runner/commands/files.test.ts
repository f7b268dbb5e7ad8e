/** Files as a user meets them: through the command line. */
import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, runCli } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'sd files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
put('targets.yaml', 'targets:\n  here: { runtime: process }\n')

/** Runs a plan of these steps. */
async function steps(text: string) {
  put('p.yaml', `plan: P\ntarget: here\nsteps:\n${text}`)
  return runCli(['run', 'p.yaml'], { cwd: folder })
}

describe('a reading that is not of a whole file', () => {
  test('is not taken of a folder', async () => {
    const { code, out } = await steps('  - assert: { file: ., text: { not: { contains: x } } }\n')
    expect(out).toContain('is a folder, and only a file has content')
    expect(code).toBe(1)
  })
  test('is not taken of a FIFO, without blocking', async () => {
    Bun.spawnSync(['mkfifo', join(folder, 'fifo')])
    const { code, out } = await steps('  - assert: { file: fifo, text: { not: { contains: x } } }\n')
    expect(out).toContain('is a FIFO, and only a file has content')
    expect(code).toBe(1)
  })
  test('is not taken of a file that was cut, but its size and hash are exact', async () => {
    put('big', `${'x'.repeat(17_000_000)}ERROR`)
    const hash = new Bun.CryptoHasher('sha256').update(readFileSync(join(folder, 'big'))).digest('hex')
    const { code, out } = await steps(`  - assert: { file: big, text: { not: { contains: ERROR } } }
  - assert: { file: big, size: 17000005, sha256: ${hash} }
  - { assert: { file: big, exists: true }, capture: { h: sha256 } }
  - assert: { value: "\${{ h }}", is: ${hash} }
`)
    expect(out).toContain('cut at 16 MiB')
    expect(out).toContain('1 failed')
    expect(code).toBe(1)
  })
})

test('dates of TOML are text', async () => {
  put('d.toml', 'd = 2026-01-01\n')
  const equals = await steps('  - assert: { file: d.toml, expect: { $.d: "2026-01-01" } }\n')
  expect(equals.code).toBe(0)
  const not = await steps('  - assert: { file: d.toml, expect: { $.d: { not: "2026-01-01" } } }\n')
  expect(not.code).toBe(1)
})

test('why a file has no document is said, with the place', async () => {
  put('x.yaml', 'a: 1\na: 2\n')
  const { code, out } = await steps('  - assert: { file: x.yaml, expect: { $.b: { absent: true } } }\n')
  expect(out).toContain('not YAML: line 2, column 1: this key is given twice')
  expect(code).toBe(1)
})

describe('what `then` does to the file', () => {
  const before = 'b = 2\na = 1\n'
  const write = (then: string, more = '') =>
    `  - apply-config: { file: conf, content: "b = 3\\n", then: ["${then}"]${more} }\n`

  test('counts when a change is applied twice', async () => {
    put('c.json', '{"n": 1}')
    const { code, out } = await steps(
      '  - apply-config: { file: c.json, set: { $.n: 2 }, then: ["echo >>c.json"], idempotent: true }\n',
    )
    expect(out).toContain('not idempotent: applied again, the file changed again')
    expect(out).not.toContain('somebody else')
    expect(code).toBe(1)
    expect(readFileSync(join(folder, 'c.json'), 'utf8')).toBe('{"n": 1}')
  })
  test('makes no second change when its result is the same again', async () => {
    put('conf', before)
    const { code } = await steps(write("sed -i 's/ *= */=/' conf", ', idempotent: true'))
    expect(code).toBe(0)
    expect(readFileSync(join(folder, 'conf'), 'utf8')).toBe(before)
  })
  test('also to an owner and mode that are put back, beneath a later change', async () => {
    put('conf', before)
    chmodSync(join(folder, 'conf'), 0o640)
    const { code, out } = await steps(
      `${write('chmod 600 conf; echo x >>conf')}${write('chmod 604 conf; date +%N >>conf')}`,
    )
    expect(out).not.toContain('somebody else')
    expect(code).toBe(0)
    expect(readFileSync(join(folder, 'conf'), 'utf8')).toBe(before)
    expect(statSync(join(folder, 'conf')).mode & 0o777).toBe(0o640)
  })
  test('is put back by the guardian when the runner is killed, also while it runs', async () => {
    for (const then of ['echo >>conf', 'echo >>conf; touch reached; sleep 60']) {
      put('conf', before)
      const last = then.includes('reached') ? '' : '  - run: touch reached; sleep 60\n'
      put(
        'p.yaml',
        `plan: P\ntarget: here\nsteps:\n${write(then.replace('sleep 60', 'test -e again || { touch again; sleep 60; }'))}${last}`,
      )
      const child = Bun.spawn(['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'run', 'p.yaml'], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'ignore'],
      })
      await until(() => existsSync(join(folder, 'reached')))
      child.kill('SIGKILL')
      await until(() => readFileSync(join(folder, 'conf'), 'utf8') === before)
      await until(
        () =>
          !existsSync(join(folder, '.shakedown', 'journal')) ||
          readdirSync(join(folder, '.shakedown', 'journal')).length === 0,
      )
      expect(readFileSync(join(folder, 'conf'), 'utf8')).toBe(before)
      rmSync(join(folder, 'reached'))
    }
  })
})

describe('an edit changes what it was asked to, and no other byte', () => {
  test('of YAML', async () => {
    put('c.yaml', 'id: 9007199254740993\nmode: 0644\nn: 1\n')
    const { code } = await steps(`  - apply-config: { file: c.yaml, set: { $.n: 2 } }
  - { run: cat c.yaml, expect: { stdout: "id: 9007199254740993\\nmode: 0644\\nn: 2" } }
`)
    expect(code).toBe(0)
  })
  test('in its encoding, with its byte order mark', async () => {
    for (const encoding of ['utf8', 'utf16le'] as const) {
      put('marked.yaml', Buffer.from('\ufeffa: ü # c\r\nb: 1', encoding))
      const after = new Bun.CryptoHasher('sha256').update(Buffer.from('\ufeffa: ü # c\r\nb: 2', encoding)).digest('hex')
      const { code } = await steps(`  - apply-config: { file: marked.yaml, set: { $.b: 2 } }
  - assert: { file: marked.yaml, sha256: ${after}, expect: { $.b: 2 } }
`)
      expect(code).toBe(0)
    }
  })
  test('and is refused where bytes would be lost, or a document is not meant', async () => {
    put('latin.yaml', Buffer.from('a: ü\n', 'latin1'))
    const latin = await steps('  - apply-config: { file: latin.yaml, set: { $.b: 2 } }\n')
    expect(latin.out).toContain("latin.yaml can't be edited: some of its bytes are not UTF-8")
    put('two.yaml', 'a: 1\n---\na: 2\n')
    const two = await steps('  - apply-config: { file: two.yaml, set: { $.a: 2 } }\n')
    expect(two.out).toContain('the file holds 2 YAML documents')
    expect([latin.code, two.code, readFileSync(join(folder, 'two.yaml'), 'utf8')]).toEqual([1, 1, 'a: 1\n---\na: 2\n'])
  })
})

describe('a signal makes a file effective, without a program in the service that sends it', () => {
  const service = `targets:
  here:
    runtime: process
    services:
      app:
        command: [sh, -c, 'cd "$0"; trap "cat conf >>reloaded" HUP; while :; do sleep 0.1; done', "\${{ services.app.directory }}"]
        ready: { run: "true" }
`
  test('in its `then` and in its undo, also beside commands', async () => {
    put('targets.yaml', `${service}  box: { runtime: process }\n`)
    const out = join(folder, 'reloaded')
    const log = join(folder, 'commands')
    put(
      'p.yaml',
      `plan: P
target: here
steps:
  - run: { command: "echo a >conf", in: app }
  - apply-config: { file: conf, in: app, content: "b\\n", then: ["echo c >>'${log}'", { signal: HUP }] }
  - wait-for: { run: { command: cat reloaded, in: app }, stdout: b }
  - apply-config: { file: x, content: x, then: { signal: SIGHUP, service: app } }
  - wait-for: { run: { command: cat reloaded, in: app }, stdout: "b\\nb" }
  - restore: all
  - wait-for: { run: { command: cat reloaded, in: app }, stdout: { matches: "^b\\nb\\nb\\na$" } }
`,
    )
    const ran = await runCli(['run', 'p.yaml'], { cwd: folder })
    expect([ran.code, ran.out]).toEqual([0, expect.any(String)])
    expect(readFileSync(log, 'utf8')).toBe('c\nc\n')
    expect(existsSync(out)).toBe(false)
  })
  test('and is refused where nobody is named, or the signal or the service is unknown', async () => {
    const lint = async (then: string, more = '') => {
      put('p.yaml', `plan: P\ntarget: here\nsteps:\n  - apply-config: { file: x, content: y, then: ${then}${more} }\n`)
      return (await runCli(['lint', 'p.yaml'], { cwd: folder })).err
    }
    expect(await lint('{ signal: HUP }')).toContain('4:42: nobody is named who gets the signal')
    expect(await lint('[{ signal: HUPP, service: app }]')).toContain('HUPP')
    expect(await lint('[{ signal: HUP, service: apq }]')).toContain('did you mean "app"')
    expect(await lint('[{ signal: HUP }]', ', in: app')).toBe('')
  })
})

async function until(holds: () => boolean): Promise<void> {
  for (const start = performance.now(); !holds(); await Bun.sleep(10))
    if (performance.now() - start > 20_000) throw new Error(`it did not come to that: ${holds}`)
}
