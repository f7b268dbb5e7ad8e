/** `bun run bench`: what the tool costs, beside the same work without it, in one run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { onContainers } from './docker.ts'
import { httpAsserts } from './http.ts'
import { noticeDelays } from './notice.ts'
import { cells, type Line, missed } from './row.ts'
import { overSsh } from './ssh.ts'
import { startUp } from './start-up.ts'
import { noOpSteps } from './steps.ts'

const root = join(import.meta.dir, '..')
const cli = join(root, 'runner', 'cli.ts')
const folder = mkdtempSync(join(tmpdir(), 'shakedown-bench-'))
writeFileSync(join(folder, 'targets.yaml'), 'targets: { here: { runtime: process } }\n')

try {
  const lines: Line[] = []
  for (const part of [
    startUp(root, folder),
    noOpSteps(cli, folder),
    httpAsserts(cli, folder),
    noticeDelays(folder),
    onContainers(root, cli, folder),
    overSsh(cli, folder),
  ])
    for await (const line of part) {
      lines.push(line)
      if (process.stderr.isTTY) process.stderr.write(`${'note' in line ? line.note : line.what}\n`)
    }
  print(lines)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function print(lines: readonly Line[]): void {
  const rows = lines.filter((line) => 'what' in line)
  const head = ['what', 'ours', 'beside', 'ratio', 'goal', '']
  const table = new Table({ head, style: { head: [], border: [] } })
  table.push(...rows.map(cells))
  console.log(table.toString())
  for (const line of lines) if ('note' in line) console.log(line.note)
  const short = rows.filter(missed).map(({ what }) => what)
  console.log(short.length === 0 ? 'every goal is met' : `missed: ${short.join('; ')}`)
  // What else the machine does goes into every figure.
  console.log(`load of this machine: ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`)
}
