/** How long a person waits before anything is said: `lint` of one plan, out of the cache and from the disk. */
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

/** What npm would bring: the bundle in `dist`, with bytecode that the Bun that made it need not make again. */
async function packageOf(root: string, cli: string, folder: string): Promise<string> {
  const pack = join(folder, 'package')
  const out = `--outdir=${join(pack, 'dist')}`
  const build = ['bun', 'build', cli, '--target=bun', '--format=cjs', '--minify', '--bytecode', out]
  await fastest(build, { cwd: root, runs: 1 })
  return pack
}
