import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MASK } from '../base/redact/redactor.ts'
import type { RunEvent } from '../contracts/events.ts'
import { runCli } from './testing.ts'

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

const shapes: Record<string, string> = {
  'three characters': 'q7Z',
  'four kilobytes': Array.from({ length: 512 }, (_, index) =>
    (index * 2_654_435_761 + 12_345_678).toString(36).padStart(8, 'z').slice(-8),
  ).join(''),
  'a line end': 'first-line-of-it\nsecond-line-of-it\n',
  'several blanks': 'correct  horse   battery    staple',
  quotes: `it's "quoted" \\ and \`more\` & <so>`,
  'letters beyond ASCII': 'grüße-日本語-pässwörter-😀',
  'a JSON web token':
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.dozjgNryP4J3jVm-NHl0w5N_XgL0n3I9PlFUP0THsR8',
  'a word of the events': 'failed',
}

const TARGETS = `
targets:
  here:
    runtime: process
    services:
      talker:
        command: 'printf "with %s\\n" "$TOKEN"; printf "%s" "$TOKEN" | base64; exec sleep 1000'
        env: { TOKEN: "\${{ secrets.token }}" }
`

const PLAN = `
plan: Canary
target: here
secrets: { token: { env: CANARY } }
on-failure:
  - { name: what failed, collect: { logs: [talker], commands: ["printf '%s' \${{ secrets.token }}"], into: kept } }
steps:
  - { name: early, run: "cat canary.txt", capture: { late: { from: stdout, secret: true } } }
  - { name: shortened, assert: { run: "printf %s \${{ secrets.token }}", stdout: x }, continue-on-error: true }
  - { name: "title \${{ secrets.token }}", run: "printf '%s' \${{ secrets.token }} >&2; exit 1", continue-on-error: true }
  - name: waits
    wait-for: { run: "cat canary.json", expect: { $.token: never }, within: 300ms }
    capture: { again: { from: $.token, secret: true } }
    continue-on-error: true
  - { name: in a file, assert: { file: canary.json, expect: { $.token: other } }, continue-on-error: true }
  - name: escaped
    run: "printf '%s' \${{ secrets.token }} | od -An -tx1; printf '%s' \${{ secrets.token }} | base64; exit 1"
    continue-on-error: true
  - name: undone badly
    run: "true"
    undo: "echo the undo says \${{ secrets.token }} >&2; exit 1"
    continue-on-error: true
  - { name: at last, assert: { run: "cat canary.txt", stdout: { matches: "^nothing$" } } }
`

describe('a secret that is or has', () => {
  for (const [shape, secret] of Object.entries(shapes))
    test(`${shape} leaves in no byte that people see`, async () => {
      const folder = folderOf({
        'targets.yaml': TARGETS,
        'plan.yaml': PLAN,
        'canary.txt': secret,
        'canary.json': JSON.stringify({ token: secret }),
      })
      const reporters = ['pretty', 'tap:out.tap', 'tap13:out.tap13', 'junit:out.xml', 'ndjson:out.ndjson']
      const run = await runCli(['run', 'plan.yaml', '--verbose', ...reporters.flatMap((one) => ['--reporter', one])], {
        cwd: folder,
        env: { CANARY: secret },
      })
      // The last undo fails for good.
      expect([run.code, run.out]).toEqual([4, expect.stringContaining('undone badly')])
      const again = await runCli(['restore', '.'], { cwd: folder })
      expect([again.code, again.out]).toEqual([4, expect.stringContaining('the undo says')])
      const journals = join(folder, '.shakedown', 'journal')
      const logs = readdirSync(journals, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('journal.jsonl'))
      expect(logs).not.toEqual([])
      const seen: Record<string, string> = {
        ...filesSeen(folder),
        // Only its owner can read it, but `plan restore` shows it.
        journal: logs.map((name) => readFileSync(join(journals, name), 'utf8')).join(''),
        stdout: run.out,
        stderr: run.err,
        restored: again.out,
        unrestored: again.err,
      }
      expect(Object.keys(seen).sort()).toEqual(
        expect.arrayContaining(['out.ndjson', 'out.tap', 'out.tap13', 'out.xml']),
      )
      expect(Object.keys(seen).filter((name) => /talker\.log$/.test(name)).length).toBeGreaterThan(1)
      if (secret.length < 4) {
        expect(run.out).toContain(`secret "token" is shorter than 4 characters: it can't be masked`)
        expect(run.out).toContain(`secret "late" is shorter than 4 characters: it can't be masked`)
      } else {
        for (const [name, text] of Object.entries(seen)) expect([name, ...leaksIn(text, secret)]).toEqual([name])
        expect(seen['out.ndjson']).toContain(JSON.stringify({ actual: `"${MASK}"` }).slice(1, -1))
      }
      expectStructure(seen)
    }, 60_000)
})

test('a failing command of a secret does not show what it printed', async () => {
  const folder = folderOf({
    'targets.yaml': 'targets: { here: { runtime: process } }',
    'plan.yaml': `plan: P\ntarget: here\nsecrets: { token: { command: "echo the-real-token; echo the-real-token >&2; exit 3" } }\nsteps: [{ run: "true" }]`,
  })
  const { out, err } = await runCli(['run', 'plan.yaml'], { cwd: folder })
  const text = [out, err, ...Object.values(filesSeen(folder))].join('\n')
  expect(text).toContain('its command ends with exit code 3')
  // The plan itself has it, and its line is shown.
  expect(text.replaceAll(/echo the-real-token/g, '')).not.toContain('the-real-token')
})

test('warns about secrets that words may be taken for', async () => {
  const folder = folderOf({
    'targets.yaml': 'targets: { here: { runtime: process } }',
    'plan.yaml': `plan: P\ntarget: here\nsecrets: { token: { env: CANARY } }\nsteps: [{ run: "echo an abcdef", capture: { part: { from: stdout, matches: "an (\\\\w{5})", secret: true } } }]`,
  })
  const { out } = await runCli(['run', 'plan.yaml'], { cwd: folder, env: { CANARY: 'hunter2' } })
  expect(out).toContain('secret "token" is shorter than 8 characters')
  expect(out).toContain('secret "part" is shorter than 8 characters')
})

test('masks each text of a mapping that is captured, and names of collected files', async () => {
  const folder = folderOf({
    'targets.yaml': 'targets: { here: { runtime: process } }',
    'user.json': '{"user":{"name":"somebody-else","pin":[12345678,true]}}',
    'somebody-else.txt': 'x',
    'plan.yaml': `plan: P
target: here
steps:
  - { run: "cat user.json", capture: { user: { from: $.user, secret: true } } }
  - { collect: { files: [somebody-else.txt] } }
  - { assert: { run: "cat user.json", stdout: x } }`,
  })
  const { out } = await runCli(['run', 'plan.yaml'], { cwd: folder })
  const results = Object.entries(filesSeen(folder)).filter(([name]) => name.startsWith('shakedown-results'))
  expect(out).toContain(MASK)
  expect(results.some(([name]) => name.endsWith('/collected/secret.txt'))).toBe(true)
  for (const text of [out, ...results.flat()]) {
    expect(text).not.toContain('12345678')
    expect(text.replace(/collect: .*|"title":"[^"]*"/g, '')).not.toContain('somebody-else')
  }
})

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
  made.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** Every file but those of the test and those that only their owner can read. */
function filesSeen(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true }).map(String)
  const seen = names.filter((name) => {
    const { mode } = statSync(join(folder, name))
    return !/^(canary|plan|targets|user|somebody)/.test(name) && (mode & 0o170000) === 0o100000 && (mode & 0o077) !== 0
  })
  return Object.fromEntries(seen.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

const WINDOW = 12

/** The places in the text of a part of the secret, or of a form of it. Written without the redactor under test. */
function leaksIn(text: string, secret: string): string[] {
  const bytes = Buffer.from(secret.trim())
  const writings = [
    secret.trim(),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
  ]
  const flat = [text, text.replace(/[\s│|]+/g, ''), text.replace(/\s+/g, ' ')]
  return writings.flatMap((written) => {
    const size = Math.min(WINDOW, written.length)
    const windows = Array.from({ length: written.length - size + 1 }, (_, at) => written.slice(at, at + size))
    return windows.filter((part) => isTelling(part, secret) && flat.some((one) => one.includes(part))).slice(0, 3)
  })
}

/** `failed` is what reports say of what failed. */
function isTelling(part: string, secret: string): boolean {
  return secret !== 'failed' || part !== 'failed'
}

/** A secret may change the words of a result, but not the result. */
function expectStructure(seen: Record<string, string>): void {
  const events = (seen['out.ndjson'] ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent)
  const ends = events.flatMap((event) => (event.is === 'step.ended' ? [event.outcome] : []))
  expect(ends.filter((outcome) => outcome === 'warned').length).toBe(5)
  expect(ends.filter((outcome) => outcome === 'failed').length).toBe(1)
  expect(events.at(-1)).toMatchObject({ is: 'run.ended', exit: 4, counts: { passed: 0 } })
  expect(seen['out.tap']).toMatch(/^not ok 1 - /m)
  expect(seen['out.xml']).not.toContain('failures="0" errors="0"')
}
