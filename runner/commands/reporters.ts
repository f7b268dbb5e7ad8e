/** Opens the reporters that the command line names; one of them owns stdout, and the event log is always written. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { messageOf, UsageError } from '../contracts/errors.ts'
import type { Reporter, ReporterKind, Sink } from '../contracts/events.ts'
import type { Kinds } from '../contracts/kinds.ts'
import { didYouMean } from '../contracts/suggest.ts'
import type { Listener } from '../engine/emit.ts'
import { colorLevel } from './color.ts'

export const EVENT_LOG = 'events.ndjson'

interface ReporterFlags {
  readonly reporter?: readonly string[]
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color?: string
}

interface Opened {
  readonly reporter: Reporter
  close(): void | Promise<void>
}

export interface Reporters {
  readonly listeners: readonly Listener[]
  /** Ends and closes each; tells what could not be written. */
  end(complain: (message: string) => void): Promise<void>
}

export async function openReporters(flags: ReporterFlags, results: string, kinds: Kinds): Promise<Reporters> {
  const said: Said[] = (flags.reporter ?? []).map((text) => parse(text, kinds))
  if (said.every(({ path }) => path !== undefined))
    said.unshift({ kind: known('pretty', kinds), options: [], path: undefined })
  said.push({ kind: known('ndjson', kinds), options: [], path: join(results, EVENT_LOG) })
  refuseSharedOutput(said)
  let stdoutTaken = false
  const opened: Opened[] = []
  for (const { kind, options, path } of said) {
    const file: string | undefined =
      path ?? (stdoutTaken ? join(results, kind.defaultPath ?? `${kind.name}.txt`) : undefined)
    stdoutTaken ||= file === undefined
    const target = file === undefined ? terminal(flags.color) : fileSink(file)
    const asked = { quiet: flags.quiet === true, verbose: flags.verbose === true, options }
    opened.push({ reporter: await kind.open(target.sink, asked), close: target.close })
  }
  return {
    listeners: opened.map(
      ({ reporter }) =>
        (event) =>
          reporter.event(event),
    ),
    end: (complain) => endAll(opened, complain),
  }
}

/** `path`: undefined where no file is named. */
interface Said {
  readonly kind: ReporterKind
  readonly options: readonly string[]
  readonly path: string | undefined
  /** Stdout is named as its file. */
  readonly toStdout?: boolean
}

/** One reporter owns stdout, and each file has one: two in one place would leave a report that nobody can read. */
function refuseSharedOutput(said: readonly Said[]): void {
  const places = new Map<string, string>()
  for (const { kind, path, toStdout } of said) {
    const isFirst = toStdout === true || !places.has(STDOUT)
    const place = path === undefined ? (isFirst ? STDOUT : (kind.defaultPath ?? STDOUT)) : resolve(path)
    const other = places.get(place)
    if (other !== undefined)
      throw new UsageError(
        `the reporters ${other} and ${kind.name} both write to ${place}`,
        `give one a file of its own: --reporter ${kind.name}:FILE`,
      )
    places.set(place, kind.name)
  }
}

const STDOUT = 'stdout'
const STDOUT_NAMES = ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']

/** `junit.strict:out.xml` → the kind junit with the option strict, into out.xml. */
function parse(text: string, kinds: Kinds) {
  const [, name = '', dotted = '', path] = /^([^:.]+)((?:\.[^:.]+)*)(?::(.+))?$/.exec(text) ?? []
  const kind = known(name || text, kinds)
  const options = dotted.split('.').filter(Boolean)
  const wrong = options.find((option) => kind.options?.[option] === undefined)
  if (wrong !== undefined) throw new UsageError(`--reporter ${text}: ${kind.name} has no option "${wrong}"`)
  const toStdout = path !== undefined && STDOUT_NAMES.includes(path)
  return { kind, options, path: toStdout ? undefined : path, toStdout }
}

function known(name: string, kinds: Kinds): ReporterKind {
  const kind = kinds.reporters.get(name)
  if (kind === undefined)
    throw new UsageError(`unknown reporter "${name}"; ${didYouMean(name, kinds.reporters.keys())}`)
  return kind
}

function terminal(color: string | undefined): { sink: Sink; close(): Promise<void> } {
  const { stdout } = process
  // A reader that goes away (`| head`) must not end a run that has something to restore.
  stdout.on('error', () => undefined)
  const columns = stdout.isTTY ? stdout.columns : undefined
  return {
    sink: { write: (text) => void stdout.write(text), columns, color: colorLevel(color, stdout) },
    // What is still on its way to a pipe has to arrive before the process ends.
    close: () => new Promise((done) => void stdout.write('', () => done())),
  }
}

function fileSink(path: string): { sink: Sink; close(): void } {
  const file = openFile(path)
  return { sink: { write: (text) => writeAll(file, Buffer.from(text)), color: 0 }, close: () => closeSync(file) }
}

function openFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'w')
  } catch (error) {
    throw new UsageError(
      `the report ${path} can't be written: ${messageOf(error)}`,
      'name another file: --reporter NAME:PATH',
    )
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.length) {
    const written = writeSync(file, bytes, done)
    if (written === 0) throw new Error('the disk is full')
    done += written
  }
}

async function endAll(opened: readonly Opened[], complain: (message: string) => void): Promise<void> {
  for (const { reporter, close } of opened) {
    try {
      reporter.end()
      await close()
    } catch (error) {
      complain(messageOf(error))
    }
  }
}
