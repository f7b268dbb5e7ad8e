/** Replacing a file as a change: undo puts the pre-image back, byte for byte, and runs `then` again. */
import { createHash } from 'node:crypto'
import { type Command, says, toShell } from '../contracts/command.ts'
import { CheckFailure, isError, messageOf, TargetError } from '../contracts/errors.ts'
import { writtenBy } from '../contracts/output.ts'
import type { FileUndo, Service, Target, Then, ThenUndo } from '../contracts/target.ts'
import type { FileInfo, Files } from '../contracts/transport.ts'
import { AFTER, type Change, type Effective } from '../contracts/undo.ts'
import { exported } from './exported.ts'
import { fileScripts } from './file-scripts.ts'

export interface FilePlace {
  readonly files: Files
  /** Absolute. */
  readonly path: string
  /** The path as the plan has it. */
  readonly says: string
  readonly exec: Target['exec']
  service(name: string): Service
  /** Where `then` runs. */
  readonly directory: string
  readonly environment?: Readonly<Record<string, string>> | undefined
  readonly shell?: string | undefined
  /** How the service that it is in puts its files back; absent where they are files of the target. */
  readonly fileUndo?: Service['fileUndo']
}

interface Options {
  readonly in?: string | undefined
  readonly then?: readonly Then[] | undefined
  readonly thenTimeout?: number | undefined
}

/** A file as it was before. */
interface Before {
  readonly bytes: Uint8Array
  readonly info: FileInfo
}

export async function replaceFile(place: FilePlace, bytes: Uint8Array, options: Options): Promise<Change> {
  const before = await allowed(`${place.says} can't be read`, beforeOf(place))
  const { then = [], in: inside } = options
  const touches = [{ file: place.path, ...(inside === undefined ? {} : { in: inside }) }]
  const subject = inside === undefined ? place.says : `${place.says} in ${inside}`
  const thens = await Promise.all(then.map((one) => thenUndo(one, place, options)))
  return {
    does: `writes ${subject}`,
    touches,
    undo: {
      of: 'change',
      title: `${subject} is as it was`,
      touches,
      settles: 2_000,
      ends: { by: 'undo' },
      holds: [...(before ? [before.bytes] : []), bytes],
      ...((await place.fileUndo?.(place.path, before?.bytes, bytes, thens)) ?? undoHere(place, before, bytes, thens)),
    },
    apply: async (signal) => {
      await allowed(`${place.says} can't be written`, place.files.write(place.path, bytes))
      for (const one of then) await runThen(one, place, options, signal)
    },
    // Without `then` the state after the change is what was written.
    ...(then.length === 0 ? {} : { left: async () => ({ [AFTER]: Buffer.from(await stateOf(place)) }) }),
    inEffect: async () => effectOf(place, before?.bytes, bytes),
  }
}

async function beforeOf({ files, path }: FilePlace): Promise<Before | undefined> {
  const info = await files.stat(path)
  const bytes = info && (await files.read(path))
  return info && bytes && { bytes, info }
}

/** What a system refuses is a fault of the environment, and no bug. */
async function allowed<T>(otherwise: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isError(error, 'target') || (error as NodeJS.ErrnoException).code === undefined) throw error
    throw new TargetError(`${otherwise}: ${messageOf(error)}`, { cause: error })
  }
}

function undoHere(
  place: FilePlace,
  before: Before | undefined,
  after: Uint8Array,
  thens: readonly ThenUndo[],
): FileUndo {
  const { path, directory, shell = 'sh' } = place
  // Values of the commands may be secrets, so each is in a file of its own that only its owner can read.
  const files = thens.map((one, index) => {
    const text = 'script' in one ? one.script : toShell(one.command)
    return [`then-${index + 1}`, Buffer.from(`${text}\n`)] as const
  })
  return {
    keeps: { ...(before ? { 'pre-image': before.bytes } : {}), ...Object.fromEntries(files) },
    ...fileScripts({
      path,
      link: before?.info.link,
      before: before && { hash: hash(before.bytes), ...ownerOf(before.info) },
      after: hash(after),
      directory,
      thens: thens.map((one) => ('script' in one ? 'sh' : shell)),
    }),
  }
}

async function thenUndo(then: Then, place: FilePlace, { in: inside }: Options): Promise<ThenUndo> {
  if (!('signal' in then)) return { command: exported(then, place.environment) }
  const { service, signal } = then
  const script = await place.service(service ?? inside ?? '').signalScript?.(signal)
  if (script !== undefined) return { script }
  throw new CheckFailure(`\`then\` can't send a signal to ${service ?? inside}: its runtime sends none`)
}

async function runThen(then: Then, place: FilePlace, options: Options, signal: AbortSignal): Promise<void> {
  if (!('signal' in then)) return runCommand(then, place, options)
  const change = await place.service(then.service ?? options.in ?? '').verbs.signal?.(then.signal)
  await change?.apply(signal)
}

async function runCommand(command: Command, place: FilePlace, { in: inside, thenTimeout }: Options): Promise<void> {
  const exit = await place.exec(command, { in: inside, timeout: thenTimeout })
  if (exit.code === 0) return
  const how = exit.timedOut ? 'did not end in time' : `exits with ${exit.code}`
  throw new CheckFailure(`\`then\` ${how}: ${says(command)}`, { outputs: [writtenBy(command, exit)] })
}

/** `then` may rewrite the file itself, so the check is only that it changed. */
async function effectOf(
  { files, path, says: said }: FilePlace,
  before: Uint8Array | undefined,
  bytes: Uint8Array,
): Promise<Effective> {
  const [now = ''] = (await stateOf({ files, path })).split(' ')
  if (now === hash(bytes)) return { yes: true, evidence: `${said} is written` }
  if (now === 'none') return { yes: false, why: `${said} is not there` }
  if (now === 'other') return { yes: false, why: `${said} is not a file any more` }
  if (before && now === hash(before)) return { yes: false, why: `${said} is as it was` }
  return { yes: true, evidence: `${said} is written, and was changed by \`then\`` }
}

/** As the undo's script tells it: hash, mode and owner; `none` where nothing is. */
async function stateOf({ files, path }: Pick<FilePlace, 'files' | 'path'>): Promise<string> {
  const info = await files.stat(path)
  if (!info || info.kind === 'link') return 'none'
  if (info.kind !== 'file') return 'other'
  const { mode, owner } = ownerOf(info)
  return `${await files.sha256(path)} ${mode} ${owner}`
}

function ownerOf({ mode, uid, gid }: FileInfo): { mode: string; owner: string } {
  return { mode: mode.replace(/^0+(?=.)/, ''), owner: `${uid}:${gid}` }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
