/** Where `plan restore` finds journals: on this machine, and on the hosts that records of it tell of, or that are asked for. */

import { existsSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { messageOf } from '../contracts/errors.ts'
import type { TargetSpec } from '../contracts/plan.ts'
import type { Transport } from '../contracts/transport.ts'
import { CLAIMED, type FoundJournal, removeJournal } from '../engine/journal.ts'
import { finished, guardiansDone, isOver, journalsHere, targetIdentity } from '../engine/leftovers.ts'
import {
  type FoundThere,
  isOverThere,
  journalsThere,
  leftThere,
  recordsOf,
  tidyThere,
} from '../engine/leftovers-there.ts'
import { here, type Place } from '../engine/place.ts'
import { There } from '../engine/place-there.ts'
import { loadDocument } from '../plan/load.ts'
import { targetsOf } from '../plan/targets.ts'
import { openTransport } from '../targets/index.ts'
import { kindsFor } from './kinds.ts'
import { say } from './say.ts'

/** A machine with journals. */
export interface Ground {
  readonly transport: Transport
  readonly journals: readonly FoundJournal[]
  /** How many journals there may be that could not be looked at. */
  readonly unknown: number
  /** ` on HOST`, where it is not this one. */
  readonly where: string
  isOver(journal: FoundJournal): boolean
  place(journal: FoundJournal): Place
  tidy(journal: FoundJournal): Promise<void>
}

interface GroundFlags {
  readonly target?: readonly string[]
  readonly list?: boolean
  readonly scan?: boolean
}

/** Guardians that are at work are waited for, unless nothing is to be touched. */
export async function* groundsOf(home: string, flags: GroundFlags): AsyncGenerator<Ground> {
  yield await groundHere(home, flags)
  for (const spec of await hostsOf(home, flags)) {
    const ground = await groundThere(spec, flags)
    if (ground) yield ground
  }
}

const told = (run: string) => say(`run ${run}: its guardian is putting things back`)

async function groundHere(home: string, { list }: GroundFlags): Promise<Ground> {
  if (!list) {
    await guardiansDone(home, told)
    for (const journal of finished(home)) tidyHere(journal)
  }
  return {
    transport: await openTransport({}),
    journals: journalsHere(home),
    unknown: 0,
    where: '',
    isOver,
    place: ({ folder }) => here(folder),
    tidy: async (journal) => tidyHere(journal),
  }
}

/** The work files of the case go with its journal. */
function tidyHere({ folder }: FoundJournal): void {
  removeJournal(folder)
  const work = join(dirname(dirname(folder)), 'work', basename(folder).replace(CLAIMED, ''))
  rmSync(work, { recursive: true, force: true })
}

/** A host that does not answer is told of; it counts as dirty when a record says so. */
async function groundThere(spec: TargetSpec, { list }: GroundFlags): Promise<Ground | undefined> {
  try {
    const transport = await openTransport(spec, { reads: list === true })
    const target = targetIdentity(spec, transport.address)
    const journals = list
      ? (await journalsThere(transport)).filter(({ head }) => head.target === target)
      : await leftThere(transport, spec.home, target, told)
    return {
      transport,
      journals,
      unknown: 0,
      where: ` of ${journals[0]?.head.host}`,
      isOver: (journal) => isOverThere(journal as FoundThere),
      place: ({ folder }) => new There(transport, folder),
      tidy: (journal) => tidyThere(transport, spec.home, journal),
    }
  } catch (error) {
    say(`${spec.name} can't be looked at: ${messageOf(error)}`)
    const unknown = recordsOf(spec.home).filter(({ head }) => head.target.endsWith(` ${spec.name}`)).length
    return unknown === 0 ? undefined : { ...(await groundHere(spec.home, { list: true })), journals: [], unknown }
  }
}

/** Those that a record tells of, and those that were named; all of them for a scan. */
async function hostsOf(home: string, { target: wanted, scan }: GroundFlags): Promise<TargetSpec[]> {
  const records = recordsOf(home)
  if (records.length === 0 && wanted === undefined && !scan) return []
  const specs = (await specsOf(home)).filter(({ config }) => config['ssh'] !== undefined)
  for (const { head } of records)
    if (!specs.some(({ name }) => head.target.endsWith(` ${name}`)))
      say(`${head.target} is no target of ${home}/targets.yaml any more: what run ${head.run} left there stays`)
  return specs.filter(({ name }) =>
    wanted ? wanted.includes(name) : scan || records.some(({ head }) => head.target.endsWith(` ${name}`)),
  )
}

async function specsOf(home: string): Promise<TargetSpec[]> {
  const file = join(home, 'targets.yaml')
  if (!existsSync(file)) return []
  const document = loadDocument(relative(process.cwd(), file) || file)
  return [...targetsOf(document, await kindsFor(document)).values()]
}
