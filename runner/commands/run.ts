/** `plan run`: from the command line to a run, its reporters and its signals. */

import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { version } from '../../package.json'
import { known } from '../base/redact/known.ts'
import { messageOf, PlanError, UsageError } from '../contracts/errors.ts'
import type { Case } from '../contracts/plan.ts'
import { parseDuration } from '../contracts/units.ts'
import type { CaseEnd } from '../engine/case-run.ts'
import { emitter } from '../engine/emit.ts'
import { relativeHome } from '../engine/leftovers.ts'
import { run } from '../engine/run.ts'
import { Stop } from '../engine/stop.ts'
import { effectOfCase } from '../plan/check.ts'
import { planned } from '../plan/planned-case.ts'
import { strictly } from '../plan/validate.ts'
import { openTransport } from '../targets/index.ts'
import { bindTarget } from '../targets/target.ts'
import { type ChoiceFlags, type Chosen, choose } from './choose.ts'
import { openReporters } from './reporters.ts'
import { Restoring } from './restoring.ts'
import { sayError } from './say.ts'
import { listenForSignals, type Words } from './signals.ts'

interface RunFlags extends ChoiceFlags {
  readonly reporter?: readonly string[]
  readonly workers: string
  readonly bail?: string | true
  readonly check?: boolean
  readonly keep?: boolean
  readonly abandon?: boolean
  readonly waitLock?: string
  readonly skip: boolean
  readonly allowBreaking?: boolean
  readonly output: string
  readonly timeout?: string
}

/** Runs the plans and tells the exit code. */
export async function runPlans(paths: readonly string[], flags: RunFlags): Promise<number> {
  const limits = limitsOf(flags)
  const chosen = await choose(paths, flags)
  refuseProtected(chosen, flags)
  const id = runId()
  const results = { folder: resolve(flags.output, id), named: join(flags.output, id) }
  makeFolder(results.folder, flags.output)
  const reporters = await openReporters(flags, results.folder, chosen.kinds)
  let broken = false
  const complain = (message: string) => {
    broken = true
    sayError(`a report could not be written: ${message}`)
  }
  const restoring = new Restoring()
  const { emit, flush } = emitter(known, [...reporters.listeners, restoring.event], complain)
  process.once('exit', flush)
  const stop = new Stop()
  using _signals = listenForSignals(stop, emit, stopWords(restoring, flags))
  const exit = await run({
    ...limits,
    run: id,
    version,
    cases: chosen.cases,
    planned: chosen.cases.map((kase) => planned(kase, chosen.kinds, chosen.sources)),
    hands: {
      kinds: chosen.kinds,
      sources: chosen.sources,
      openTransport,
      bindTarget,
      validate: strictly(chosen.kinds, chosen.validators),
    },
    emit,
    redactor: known,
    stop,
    results,
    check: flags.check === true,
    keep: flags.keep === true,
    abandon: flags.abandon === true,
    noSkip: flags.skip === false,
    left: (ends) => leftWords(ends, chosen.cases),
  })
  flush()
  await reporters.end(complain)
  return broken && exit < 3 ? 3 : exit
}

function stopWords(restoring: Restoring, { abandon }: RunFlags): Words {
  if (abandon) {
    const says = 'stopping: what was changed is left in, as --abandon says; its journal tells how to undo it'
    return { first: () => says, second: () => says }
  }
  const first = 'stopping: what was changed is being put back; once more hurries the steps, never the restore'
  return { first: () => first, second: () => restoring.says() }
}

function limitsOf(flags: RunFlags) {
  const workers = wholeNumber('--workers', flags.workers)
  const bail = flags.bail === undefined ? undefined : flags.bail === true ? 1 : wholeNumber('--bail', flags.bail)
  const timeout = durationOf('--timeout', flags.timeout)
  const waitLock = durationOf('--wait-lock', flags.waitLock) ?? 0
  return { workers, bail, timeout, waitLock }
}

function durationOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (duration !== undefined) return duration
  throw new UsageError(`${flag} ${text}: write a duration such as 90s or 5m`)
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1) return number
  throw new UsageError(`${flag} ${text}: give a whole number from 1`)
}

/** A protected target is a live one: breaking it has to be said. */
function refuseProtected({ cases, kinds }: Chosen, flags: RunFlags): void {
  if (flags.allowBreaking || flags.check) return
  const findings = cases
    .filter((kase) => kase.target.protect && effectOfCase(kase, kinds) === 'breaks')
    .map(({ plan, target }) => ({
      code: 'protected',
      message: `"${plan.title}" breaks things, and target "${target.name}" is protected`,
      hint: 'add --allow-breaking if that is meant',
      level: 'error' as const,
      place: plan.place,
    }))
  if (findings.length > 0) throw new PlanError(findings)
}

function runId(): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')
  return `${now}-${randomBytes(2).toString('hex')}`
}

function makeFolder(folder: string, named: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new UsageError(
      `--output ${named}: no results can be written there: ${messageOf(error)}`,
      'name another folder',
    )
  }
}

function leftWords(ends: readonly CaseEnd[], cases: readonly Case[]): string | undefined {
  if (!ends.some(({ restored }) => restored === 'failed' || restored === 'kept' || restored === 'drifted'))
    return undefined
  const homes = [...new Set(cases.map(({ target }) => relativeHome(target.home)))]
  return `bun run plan restore ${homes.join(' ')}`
}
