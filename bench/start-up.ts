/** How long a person waits before anything is said: `lint` of one plan, out of the cache and from the disk. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../runner/contracts/errors.ts'
import { forget } from './disk-cache.ts'
import { fastest } from './measure.ts'
import type { Line } from './row.ts'

const LINT = ['lint', 'plans/node-down.yaml']

export async function* startUp(root: string, folder: string): AsyncGenerator<Line> {
  const bare = { what: 'bun -e 0', value: (await fastest(['bun', '-e', '0'])).took }
  const row = (what: string, value: number, most?: number): Line => ({
    what: `lint of one plan, ${what}`,
    value,
    unit: 'ms',
    beside: bare,
    goal: most === undefined ? undefined : { of: 'value', most },
  })
  const cli = join(root, 'runner', 'cli.ts')
  const source = ['bun', '--no-env-file', cli, ...LINT]
  yield row('source, warm', (await fastest(source, { cwd: root })).took, 200)

  const pack = await packageOf(root, cli, folder)
  const bundled = ['bun', '--no-env-file', join(pack, 'dist', 'cli.js'), ...LINT]
  yield row('bundled, warm', (await fastest(bundled, { cwd: root })).took, 60)

  try {
    const before = () => forget([pack])
    yield row('bundled, cold', (await fastest(bundled, { cwd: root, runs: 3, before })).took)
  } catch (error) {
    yield { note: `a cold start was not measured: ${messageOf(error)}` }
  }
}

/** What npm would bring: the bundle in `dist`, and beside it what it reads at run time. */
async function packageOf(root: string, cli: string, folder: string): Promise<string> {
  const pack = join(folder, 'package')
  for (const name of ['schemas', 'package.json']) cpSync(join(root, name), join(pack, name), { recursive: true })
  const out = `--outdir=${join(pack, 'dist')}`
  await fastest(['bun', 'build', cli, '--target=bun', '--splitting', '--minify', out], { cwd: root, runs: 1 })
  return pack
}
