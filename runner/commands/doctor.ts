/** `plan doctor`: what a target stands on, what of it is missing, and how to get it. Nothing is written. */

import { existsSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Chalk } from 'chalk'
import { isError, messageOf, UsageError } from '../contracts/errors.ts'
import type { Kinds } from '../contracts/kinds.ts'
import type { TargetSpec } from '../contracts/plan.ts'
import { didYouMean } from '../contracts/suggest.ts'
import type { Need } from '../contracts/target.ts'
import type { Transport } from '../contracts/transport.ts'
import { loadDocument } from '../plan/load.ts'
import { targetsOf } from '../plan/targets.ts'
import { openTransport } from '../targets/index.ts'
import { machineNeeds } from '../targets/needs.ts'
import { colorLevel } from './color.ts'
import { kindsFor } from './kinds.ts'
import { say } from './say.ts'

interface DoctorFlags {
  readonly target?: readonly string[]
  readonly color?: string
}

type Paint = InstanceType<typeof Chalk>

/** Exits with 0, or 3 when something is missing that a target can't do without. Throws a UsageError for a target that is not there. */
export async function doctor(paths: readonly string[], flags: DoctorFlags): Promise<number> {
  const paint = new Chalk({ level: colorLevel(flags.color, process.stdout) })
  let missing = 0
  for (const { spec, kinds } of await chosen(paths, flags)) {
    const needs = await needsOf(spec, kinds)
    print(spec, needs, paint)
    missing += needs.filter(isBad).length
  }
  return missing > 0 ? 3 : 0
}

interface Chosen {
  readonly spec: TargetSpec
  readonly kinds: Kinds
}

async function chosen(paths: readonly string[], { target: wanted }: DoctorFlags): Promise<Chosen[]> {
  const files = (paths.length > 0 ? paths : ['.', 'plans']).flatMap(targetsFile)
  if (files.length === 0)
    throw new UsageError(
      `there is no targets.yaml in ${paths.join(', ') || '. or plans'}`,
      'name the folder that has one',
    )
  const all: Chosen[] = []
  for (const file of files) {
    const document = loadDocument(relative(process.cwd(), file) || file)
    const kinds = await kindsFor(document)
    for (const spec of targetsOf(document, kinds).values()) all.push({ spec, kinds })
  }
  const names = new Set(all.map(({ spec }) => spec.name))
  for (const name of wanted ?? [])
    if (!names.has(name)) throw new UsageError(`unknown target "${name}"; ${didYouMean(name, names)}`)
  return all.filter(({ spec }) => wanted?.includes(spec.name) ?? true)
}

function targetsFile(path: string): string[] {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'targets.yaml') : path
  return existsSync(file) ? [file] : []
}

/** A host that can't be reached is the only thing that is told of it. */
async function needsOf(spec: TargetSpec, kinds: Kinds): Promise<readonly Need[]> {
  const { config, home, runtime } = spec
  try {
    await using transport = await openTransport(spec, { reads: true })
    const reached = config['ssh'] === undefined ? [] : [{ name: 'host', there: true, says: transport.address }]
    return [
      ...reached,
      ...(await machineNeeds(config, transport, home)),
      ...(await runtimeNeeds(spec, kinds, transport)),
    ]
  } catch (error) {
    if (!isError(error, 'target')) throw error
    return [{ name: config['ssh'] === undefined ? runtime : 'host', there: false, says: messageOf(error) }]
  }
}

async function runtimeNeeds(
  { config, runtime }: TargetSpec,
  kinds: Kinds,
  transport: Transport,
): Promise<readonly Need[]> {
  return (await kinds.runtimes.get(runtime)?.needs?.(config, transport)) ?? []
}

function print({ name, runtime }: TargetSpec, needs: readonly Need[], paint: Paint): void {
  const bad = needs.filter(isBad)
  const some = needs.filter(({ there, for: what }) => !there && what !== undefined)
  say(`${paint.bold(name)} ${paint.dim(`(runtime ${runtime})`)}`)
  const width = Math.max(...needs.map((need) => need.name.length))
  for (const need of needs) {
    const sign = need.there ? paint.green('✓') : isBad(need) ? paint.red('✗') : paint.yellow('○')
    say(`  ${sign} ${need.name.padEnd(width)}  ${need.says}`)
    const more = [need.for && `needed for ${need.for}`, need.todo && `→ ${need.todo}`].filter(Boolean)
    if (!need.there && more.length > 0) say(`    ${''.padEnd(width)}  ${paint.dim(more.join(' '))}`)
  }
  const words = bad.length > 0 ? paint.red(`missing: ${namesOf(bad)}`) : 'has what it needs'
  say(`  ${words}${some.length > 0 ? `; can't do everything without: ${namesOf(some)}` : ''}\n`)
}

function isBad({ there, for: what }: Need): boolean {
  return !there && what === undefined
}

function namesOf(needs: readonly Need[]): string {
  return needs.map(({ name }) => name).join(', ')
}
