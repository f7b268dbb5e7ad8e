/** A journal on a disk that is full: what can't be written down is not changed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './testing.ts'

const missing = whyNoDisk()
const describeDisk = missing === undefined || process.env['SHAKEDOWN_REQUIRE_ALL'] ? describe : describe.skip
if (describeDisk !== describe) console.log(`skipped: ${missing}`)

function whyNoDisk(): string | undefined {
  const can = process.getuid?.() === 0 && Bun.which('unshare') !== null
  if (can && Bun.spawnSync(['unshare', '-m', 'mount', '--make-rprivate', '/']).exitCode === 0) return undefined
  return 'only root, and where mount namespaces can be made, can have a small disk for a test'
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shakedown-full-'))
  mkdirSync(join(folder, 'home'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PAGE = 4_096
const at = (name: string) => join(folder, name)

/** Mounts a small disk where targets.yaml lies, leaves so many pages of it free, and runs a plan that changes a file elsewhere. */
function runWith(pages: number, steps: string) {
  writeFileSync(at('changed.json'), '{"a":   1}')
  writeFileSync(at('targets.yaml'), 'targets:\n  here: { runtime: process }\n')
  writeFileSync(at('plan.yaml'), `plan: On a full disk\ntarget: here\nsteps:\n${steps}`)
  const script = `mount --make-rprivate /
mount -t tmpfs -o size=${16 * PAGE} tmpfs home
cp targets.yaml plan.yaml home
${fill('home', pages)}
cd home
"$@"
code=$?
find .shakedown -type f >../left 2>/dev/null
exit $code`
  const cli = ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), 'plan.yaml', '--output', at('results')]
  const { exitCode, stdout, stderr } = Bun.spawnSync(['unshare', '-m', 'sh', '-c', script, 'sh', ...cli], {
    cwd: folder,
  })
  const left = readFileSync(at('left'), 'utf8').split('\n').filter(Boolean)
  return { code: exitCode, said: `${stdout}${stderr}`, now: readFileSync(at('changed.json'), 'utf8'), left }
}

/** Two pages are the files of the plan. */
function fill(where: string, free: number): string {
  return `head -c ${(14 - free) * PAGE} /dev/zero >${where}/filler`
}

const change = () => `  - apply-config: { file: ${at('changed.json')}, set: { $.a: 2 } }\n`

describeDisk('a journal on a full disk', () => {
  test('is told, and nothing is changed, at whichever page it is full', () => {
    const ends = Array.from({ length: 12 }, (_, pages) => ({ pages, ...runWith(pages, change()) }))
    for (const { pages, code, said, now, left } of ends) {
      expect([pages, now]).toEqual([pages, '{"a":   1}'])
      expect([pages, left]).toEqual([pages, []])
      if (code === 0) continue
      expect([pages, code]).toEqual([pages, 3])
      expect(said).toMatch(/nothing was changed|is put back/)
      expect(said).toMatch(/no space left|disk is full/i)
      expect(said).not.toMatch(/\n {4}at /)
    }
    expect(ends.map(({ code }) => code)).toContain(3)
    expect(ends.at(-1)?.code).toBe(0)
  }, 120_000)

  test('does not keep what is in from being put back', () => {
    const full = 'head -c 1000000 /dev/zero >more 2>/dev/null; test -s more'
    const ran = runWith(11, `${change()}  - run: '${full}'\n    undo: none\n`)
    expect(ran.said).toContain('1 passed')
    expect([ran.code, ran.now, ran.left]).toEqual([0, '{"a":   1}', []])
  }, 60_000)
})
