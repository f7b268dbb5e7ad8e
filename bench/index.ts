/** `bun run bench`: what the tool costs, as ratios in one run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { fastest } from './measure.ts'
import { noticeDelays } from './notice.ts'

const root = join(import.meta.dir, '..')
const cli = join(root, 'runner', 'cli.ts')
const folder = mkdtempSync(join(tmpdir(), 'shakedown-bench-'))
const table = new Table({ head: ['what', 'ours', 'beside', 'ratio', 'goal'], style: { head: [], border: [] } })
const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const STEPS = 1_000

try {
  await startUp()
  await noOpSteps()
  await httpAsserts()
  for (const [what, delay] of await noticeDelays(folder))
    table.push([`notice: ${what}`, ms(delay), '', '', what === 'http poll' ? '' : '≤ 5 ms'])
  console.log(table.toString())
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function startUp(): Promise<void> {
  const empty = join(folder, 'empty.ts')
  writeFileSync(empty, '')
  const bare = await fastest(['bun', empty])
  const source = await fastest(['bun', '--no-env-file', cli, 'lint', 'plans/node-down.yaml'], { cwd: root })
  table.push([
    'lint of one plan, from source',
    ms(source.took),
    `empty file ${ms(bare.took)}`,
    (source.took / bare.took).toFixed(1),
    '≤ 200 ms',
  ])
  const dist = join(folder, 'dist')
  await fastest(['bun', 'build', cli, '--target=bun', '--splitting', '--minify', `--outdir=${dist}`], {
    cwd: root,
    runs: 1,
  })
  const bundled = await fastest(['bun', '--no-env-file', join(dist, 'cli.js'), 'lint', 'plans/node-down.yaml'], {
    cwd: root,
  })
  table.push([
    'lint of one plan, bundled',
    ms(bundled.took),
    `empty file ${ms(bare.took)}`,
    (bundled.took / bare.took).toFixed(1),
    '≤ 60 ms',
  ])
}

async function noOpSteps(): Promise<void> {
  writeFileSync(join(folder, 'targets.yaml'), 'targets: { here: { runtime: process } }\n')
  writeFileSync(join(folder, 'steps.yaml'), `plan: Steps\nsteps:\n${'  - run: [sh, -c, "true"]\n'.repeat(STEPS)}`)
  const ours = await fastest(['bun', '--no-env-file', cli, 'steps.yaml', '--quiet'], { cwd: folder, runs: 3 })
  const shell = await fastest(['sh', '-c', `i=0; while [ $i -lt ${STEPS} ]; do sh -c true; i=$((i+1)); done`], {
    runs: 3,
  })
  table.push([
    `${STEPS} × sh -c true`,
    ms(ours.took),
    `sh loop ${ms(shell.took)}`,
    (ours.took / shell.took).toFixed(2),
    '≤ 1.3',
  ])
  table.push(['largest memory of that', `${(ours.peak / 2 ** 20).toFixed(0)} MiB`, '', '', '≤ 120 MB'])
}

async function httpAsserts(): Promise<void> {
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => Response.json({ up: true }) })
  const url = `http://127.0.0.1:${server.port}/`
  writeFileSync(
    join(folder, 'http.yaml'),
    `plan: Http\nsteps:\n${`  - assert-jsonpath: { http: "${url}", expect: { $.up: true } }\n`.repeat(STEPS)}`,
  )
  const loop = join(root, 'bench', 'undici-loop.ts')
  const ours = await fastest(['bun', '--no-env-file', cli, 'http.yaml', '--quiet'], { cwd: folder, runs: 3 })
  const bare = await fastest(['bun', loop, url, String(STEPS)], { cwd: root, runs: 3 })
  table.push([
    `${STEPS} HTTP asserts`,
    ms(ours.took),
    `undici ${ms(bare.took)}`,
    (ours.took / bare.took).toFixed(2),
    '≤ 500 ms',
  ])
}
