/** `plan restore --scan`: what carries our labels on the targets, and no journal tells of. */

import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { messageOf } from '../contracts/errors.ts'
import type { TargetSpec } from '../contracts/plan.ts'
import type { RuntimeKind, Stray } from '../contracts/target.ts'
import { journalsIn } from '../engine/journal.ts'
import { isOver, journalFolder } from '../engine/leftovers.ts'
import { loadDocument } from '../plan/load.ts'
import { targetsOf } from '../plan/targets.ts'
import { openTransport } from '../targets/index.ts'
import { kindsFor } from './kinds.ts'
import { say } from './say.ts'

interface ScanFlags {
  readonly target?: readonly string[]
  readonly yes?: boolean
}

/** Tells how much is left. Things of runs that are still going on are theirs. */
export async function scanTargets(homes: readonly string[], flags: ScanFlags): Promise<number> {
  const going = new Set(
    homes
      .flatMap((home) => journalsIn(journalFolder(home)).filter((journal) => !isOver(journal)))
      .map(({ head }) => head.run),
  )
  const seen = new Set<string>()
  let left = 0
  for (const home of homes)
    for (const stray of await straysIn(home, flags)) {
      if (seen.has(stray.says) || going.has(stray.run)) continue
      seen.add(stray.says)
      left += await handle(stray, flags.yes === true)
    }
  if (seen.size === 0) say('nothing else that carries our labels was found')
  else if (left > 0 && !flags.yes) say('type it again with --yes to remove them')
  return left
}

async function handle(stray: Stray, remove: boolean): Promise<number> {
  if (!remove) {
    say(`  found: ${stray.says} (run ${stray.run})`)
    return 1
  }
  try {
    await stray.remove()
    say(`  removed: ${stray.says} (run ${stray.run})`)
    return 0
  } catch (error) {
    say(`  failed: ${stray.says}: ${messageOf(error)}`)
    return 1
  }
}

async function straysIn(home: string, { target: wanted }: ScanFlags): Promise<Stray[]> {
  const file = join(home, 'targets.yaml')
  if (!existsSync(file)) return []
  const document = loadDocument(relative(process.cwd(), file) || file)
  const kinds = await kindsFor(document)
  const specs = [...targetsOf(document, kinds).values()].filter(({ name }) => wanted?.includes(name) ?? true)
  const found = await Promise.all(specs.map((spec) => straysOn(spec, kinds.runtimes.get(spec.runtime)?.scan)))
  return found.flat()
}

async function straysOn(spec: TargetSpec, scan: RuntimeKind['scan']): Promise<readonly Stray[]> {
  if (!scan) return []
  try {
    await using transport = await openTransport(spec)
    return await scan(spec.config, transport)
  } catch (error) {
    say(`  ${spec.name} can't be looked at: ${messageOf(error)}`)
    return []
  }
}
