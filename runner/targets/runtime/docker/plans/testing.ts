/** Runs a plan on containers as a user does. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCli } from '../../../../commands/testing.ts'
import type { RunEvent } from '../../../../contracts/events.ts'
import { base } from '../test-containers.ts'

/** `target` are the keys of the target, `files` lie beside the plan; what its steps came to, and all events. */
export async function ranOn(
  target: string,
  steps: readonly string[],
  { files = {}, flags = [] }: { files?: Readonly<Record<string, string>>; flags?: readonly string[] } = {},
) {
  const folder = mkdtempSync(join(base, 'plan-'))
  const plan = `plan: Try\ntarget: box\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`
  const all = { 'targets.yaml': `targets:\n  box: { ${target} }\n`, 'plan.yaml': plan, ...files }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  const { code, out, err } = await runCli(['run', 'plan.yaml', ...flags], { cwd: folder })
  if (!existsSync(join(folder, 'shakedown-results'))) throw new Error(`${out}${err}`)
  const [results = ''] = readdirSync(join(folder, 'shakedown-results'))
  const log = readFileSync(join(folder, 'shakedown-results', results, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
  const events = log.map((line) => JSON.parse(line) as RunEvent)
  const ended = events.flatMap((event) => (event.is === 'step.ended' ? [event] : []))
  return {
    code,
    said: `${out}${err}`,
    folder,
    events,
    ended,
    steps: ended.map(({ outcome, failure }) => `${outcome}${failure ? `: ${failure.message}` : ''}`),
  }
}
