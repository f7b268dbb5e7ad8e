/** What a step costs beside what it runs, in time and in memory. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fastest } from './measure.ts'
import { megabytes, type Row } from './row.ts'

const STEPS = 1_000
const FEW = 100

export async function* noOpSteps(cli: string, folder: string): AsyncGenerator<Row> {
  const many = await fastest(planOf(STEPS, cli, folder), { cwd: folder, runs: 3 })
  const few = await fastest(planOf(FEW, cli, folder), { cwd: folder, runs: 3 })
  yield await readingOf(`steps-${STEPS}.yaml`, `${STEPS} × sh -c true`, cli, folder)
  const loop = `i=0; while [ $i -lt ${STEPS} ]; do sh -c true; i=$((i+1)); done`
  const shell = await fastest(['sh', '-c', loop], { runs: 3 })
  yield {
    what: `${STEPS} × sh -c true`,
    value: many.took,
    unit: 'ms',
    beside: { what: 'sh loop', value: shell.took },
    goal: { of: 'ratio', most: 1.3 },
  }
  const masked = await fastest(planOf(STEPS, cli, folder, true), { cwd: folder, runs: 3 })
  yield {
    what: `${STEPS} × sh -c true, with three secrets to mask`,
    value: masked.took,
    unit: 'ms',
    beside: { what: 'without', value: many.took },
    goal: { of: 'ratio', most: 1.2 },
  }
  const rounds = async (count: number) => {
    const { peak } = await fastest(roundsOf(count, cli, folder), { cwd: folder, runs: 1 })
    return megabytes(peak)
  }
  yield {
    what: `memory of one step × ${3 * STEPS}: flat?`,
    value: await rounds(3 * STEPS),
    unit: 'MB',
    beside: { what: `× ${STEPS}`, value: await rounds(STEPS) },
  }
  yield {
    what: `largest memory, ${STEPS} steps`,
    value: megabytes(many.peak),
    unit: 'MB',
    beside: { what: `${FEW} steps`, value: megabytes(few.peak) },
    goal: { of: 'value', most: 120 },
  }
}

/** What of the time of a long plan goes before its first step: start-up, YAML and checks. */
export async function readingOf(file: string, what: string, cli: string, folder: string): Promise<Row> {
  const { took } = await fastest(['bun', '--no-env-file', cli, 'lint', file], { cwd: folder, runs: 3 })
  return { what: `${what}: before the first step`, value: took, unit: 'ms' }
}

function planOf(steps: number, cli: string, folder: string, secrets = false): string[] {
  const file = `steps-${steps}${secrets ? '-secrets' : ''}.yaml`
  const head = secrets ? `secrets:\n${[24, 200, 4_000].map(secretOf).join('')}` : ''
  writeFileSync(join(folder, file), `plan: Steps\n${head}steps:\n${'  - run: [sh, -c, "true"]\n'.repeat(steps)}`)
  return ['bun', '--no-env-file', cli, file, '--quiet']
}

function secretOf(length: number): string {
  const value = randomBytes(length).toString('hex').slice(0, length)
  return `  s${length}: { command: [echo, "${value}"] }\n`
}

/** The plan stays small, so that what grows is what a round leaves behind. */
function roundsOf(count: number, cli: string, folder: string): string[] {
  const file = `rounds-${count}.yaml`
  writeFileSync(join(folder, file), `plan: Rounds\nsteps:\n  - repeat: ${count}\n    run: [sh, -c, "true"]\n`)
  return ['bun', '--no-env-file', cli, file, '--quiet']
}
