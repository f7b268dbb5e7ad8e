/**
 * `bun run fuzz [--count 10000] [--seed 1] [--only INDEX]`: mutates every plan of the repository and prepares the result.
 * Anything but acceptance or located findings is a crash. `--only` shows one mutant and what it gives.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { corpusIn } from './corpus.ts'
import { mutant, type Trial, tryMutant } from './trial.ts'

/** Ms that no mutant may take. */
const SLOWEST = 1_000
const SHOWN = 10

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'shakedown-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const seeds = corpusIn(folder)
const seed = Number(values.seed)
process.exit(values.only === undefined ? await all(Number(values.count)) : await one(Number(values.only)))

async function all(count: number): Promise<number> {
  const crashes = new Map<string, { at: number; times: number; error: Error }>()
  const slow: { at: number; ms: number; file: string }[] = []
  const outcomes = { accepted: 0, refused: 0, crashed: 0 }
  const start = performance.now()
  for (let at = 0; at < count; at++) {
    const { of, text } = mutant(seeds, seed, at)
    const { ms, crash, outcome } = await steady(() => tryMutant(of, text))
    outcomes[outcome]++
    slow.push({ at, ms, file: of.file.slice(folder.length + 1) })
    if (slow.length > 1_000) slow.sort((a, b) => b.ms - a.ms).splice(SHOWN)
    if (!crash) continue
    const known = crashes.get(signature(crash))
    crashes.set(signature(crash), { at, error: crash, ...known, times: (known?.times ?? 0) + 1 })
  }
  for (const [name, { at, times, error }] of crashes)
    console.log(`${times} × ${name} (--seed ${seed} --only ${at})\n${error.stack ?? error}\n`)
  slow.sort((a, b) => b.ms - a.ms)
  for (const { at, ms, file } of slow.slice(0, 3)) console.log(`${Math.round(ms)} ms: ${file} (--only ${at})`)
  const { accepted, refused, crashed } = outcomes
  const seconds = ((performance.now() - start) / 1_000).toFixed(1)
  console.log(`${count} mutants in ${seconds} s: ${accepted} accepted, ${refused} refused, ${crashed} crashed`)
  return crashed > 0 || (slow[0]?.ms ?? 0) > SLOWEST ? 1 : 0
}

/** Slow trials run again: others may have used this machine meanwhile. */
async function steady(run: () => Promise<Trial>): Promise<Trial> {
  const first = await run()
  if (first.ms < SLOWEST) return first
  const second = await run()
  return second.ms < first.ms ? second : first
}

/** Crashes of one kind: the same message, letters and digits of values aside, thrown at the same place. */
function signature({ message, stack = '' }: Error): string {
  const place = /([\w.-]+\.ts:\d+)/.exec(stack)?.[1] ?? ''
  return `${message.replace(/"[^"]*"|\d+/g, '…').slice(0, 120)} at ${place}`
}

async function one(at: number): Promise<number> {
  const { of, text } = mutant(seeds, seed, at)
  console.log(`${of.file.slice(folder.length + 1)}:\n${text}`)
  const { ms, crash, outcome } = await tryMutant(of, text)
  console.log(`${outcome} in ${Math.round(ms)} ms${crash ? `\n${crash.stack ?? crash}` : ''}`)
  return crash ? 1 : 0
}
