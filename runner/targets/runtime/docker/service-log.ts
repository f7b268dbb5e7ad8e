/** The log of a service's containers: only new messages are fetched, and kept in a file of the runner. */
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import type { LogLines, LogMark } from '../../../contracts/target.ts'
import { parseSize } from '../../../contracts/units.ts'
import { LineFile } from '../log/line-file.ts'
import { Spool } from '../log/spool.ts'
import { LOST } from '../log/tracked-log.ts'
import type { Engine } from './engine.ts'
import type { Group } from './group.ts'
import type { Inspection } from './inspection.ts'
import { type LogMessage, readMessages } from './log-messages.ts'
import { SeenMessages } from './seen-messages.ts'

const NEWLINE = 10
/** A daemon that says nothing more for so long is gone, in ms. */
const SILENCE = 30_000
/** Bytes of the messages of several replicas that are put in order at a time. */
const IN_ORDER = 16 * 1024 * 1024
/** The overhead of a message in the daemon's file beside its text. */
const OVERHEAD = 70

interface Read {
  readonly seen: SeenMessages
  /** It had ended, and then its log was read. */
  whole: boolean
}

export class ServiceLog {
  readonly #group: Group
  readonly #read = new Map<string, Read>()
  readonly #lines = new Map<number, LineFile>()
  #spool: Spool | undefined
  /** The container and stream whose line is not finished yet. */
  #open: string | undefined
  /** Losses happened before this offset. */
  #lost: LogMark | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(group: Group) {
    this.#group = group
  }

  /** Skips the messages so far: they were logged before the target was opened. */
  begin(): Promise<void> {
    return this.#inTurn(async () => {
      for (const one of await this.#group.present()) this.#read.set(one.Id, await begun(this.#group.engine, one))
    })
  }

  /** Reads new messages, so that they are available when the container is gone. */
  keepUp(): Promise<void> {
    return this.#inTurn(() => this.#readNew())
  }

  mark(): Promise<LogMark> {
    return this.#inTurn(async () => {
      await this.#readNew()
      return this.#spool?.size ?? 0
    })
  }

  lines(since: LogMark = 0): Promise<LogLines> {
    return this.#inTurn(async () => {
      await this.#readNew()
      const flaw = this.#lost !== undefined && since <= this.#lost ? LOST : undefined
      if (!this.#spool) return Object.assign([], flaw && { flaw })
      const lines = this.#lines.get(since) ?? new LineFile(this.#spool.file, since)
      this.#lines.set(since, lines)
      return lines.lines(this.#spool.size, flaw)
    })
  }

  close(): void {
    this.#spool?.close()
    this.#spool = undefined
    this.#lines.clear()
  }

  async #readNew(): Promise<void> {
    try {
      const all = await this.#group.present()
      this.#missGone(all)
      const merged = all.length > 1 ? new InOrder((key, message) => this.#append(key, message)) : undefined
      for (const one of all) await this.#readOne(one, merged ? merged.take : (key, text) => this.#append(key, text))
      merged?.end()
      this.#spool?.flush()
    } catch (error) {
      const words = `the log of ${this.#group.name} can’t be read: ${messageOf(error)}`
      throw new TargetError(words, { transient: true, cause: error })
    }
  }

  /** The end of a log that went with its container may be missing. */
  #missGone(all: readonly Inspection[]): void {
    for (const [id, { whole }] of this.#read) {
      if (all.some(({ Id }) => Id === id)) continue
      this.#read.delete(id)
      if (!whole) this.#lost = this.#spool?.size ?? 0
    }
  }

  async #readOne(one: Inspection, take: Take): Promise<void> {
    const known = this.#read.get(one.Id)
    const read = known ?? { seen: new SeenMessages(), whole: false }
    let size = 0
    const before = this.#spool?.size ?? 0
    read.seen.begin()
    await readLog(this.#group.engine, one, read.seen.since, (message) => {
      size += message.text.length + OVERHEAD
      if (read.seen.isNew(message)) take(`${one.Id} ${message.stream}`, message)
    })
    if (read.seen.hasLost || (!known && size >= rotatesFrom(one))) this.#lost = before
    read.whole = !one.State.Running
    this.#read.set(one.Id, read)
  }

  #append(key: string, { text }: LogMessage): void {
    this.#spool ??= new Spool()
    const bytes = this.#open === undefined || this.#open === key ? text : Buffer.concat([Buffer.from('\n'), text])
    this.#spool.append(bytes)
    this.#open = text.at(-1) === NEWLINE ? undefined : key
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

type Take = (key: string, message: LogMessage) => void

/** Messages of several containers, by their times. */
class InOrder {
  readonly #take: Take
  #all: { key: string; message: LogMessage }[] = []
  #size = 0

  constructor(take: Take) {
    this.#take = take
  }

  readonly take: Take = (key, message) => {
    this.#all.push({ key, message: { ...message, text: Buffer.from(message.text) } })
    this.#size += message.text.length
    if (this.#size > IN_ORDER) this.end()
  }

  end(): void {
    const all = this.#all.sort((a, b) => (a.message.at < b.message.at ? -1 : a.message.at > b.message.at ? 1 : 0))
    this.#all = []
    this.#size = 0
    for (const { key, message } of all) this.#take(key, message)
  }
}

/** Messages in the same second as the last one count as seen, too. */
async function begun(engine: Engine, one: Inspection): Promise<Read> {
  const last: LogMessage[] = []
  await readLog(engine, one, undefined, (message) => void last.push(message), 1)
  const seen = new SeenMessages()
  const [message] = last
  if (message) {
    const second = Math.floor(Date.parse(message.at) / 1_000)
    await readLog(engine, one, second, (each) => void seen.isNew(each))
  }
  return { seen, whole: false }
}

async function readLog(
  engine: Engine,
  { Id, Config }: Inspection,
  since: number | undefined,
  take: (message: LogMessage) => void,
  last?: number,
): Promise<void> {
  const over = new AbortController()
  const from = since === undefined ? '' : `&since=${since}`
  const path = `/containers/${Id}/logs?stdout=1&stderr=1&timestamps=1&tail=${last ?? 'all'}${from}`
  const silent = () => over.abort(new TargetError(`Docker said nothing for ${SILENCE / 1_000} s`, { transient: true }))
  let timer = setTimeout(silent, SILENCE)
  try {
    const answer = await engine.stream(path, over.signal)
    const heard = () => {
      clearTimeout(timer)
      timer = setTimeout(silent, SILENCE)
    }
    await readMessages(chunksOf(answer, heard), Config['Tty'] === true, take)
  } finally {
    clearTimeout(timer)
  }
}

async function* chunksOf(answer: AsyncIterable<Buffer>, heard: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of answer) {
    heard()
    yield chunk
  }
}

/**
 * Bytes of a log from which on the daemon may have dropped its beginning before we first read it. With a single file
 * (`max-file` 1) it begins anew at `max-size`, so that little that is left may be the rest of much: a twentieth is taken
 * for the beginning.
 */
function rotatesFrom({ HostConfig }: Inspection): number {
  const { Type, Config } = (HostConfig['LogConfig'] ?? {}) as { Type?: string; Config?: Record<string, string> | null }
  const isLocal = Type === 'local'
  const said = Config?.['max-size'] ?? (isLocal ? '20m' : undefined)
  const size = said === undefined ? undefined : bytesOf(said)
  if (size === undefined) return Number.POSITIVE_INFINITY
  const files = Number(Config?.['max-file'] ?? (isLocal ? 5 : 1))
  return files > 1 ? size * (files - 1) : size / 20
}

/** `10m`, as Docker has it: in units of 1000. */
function bytesOf(said: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgKMG]?)/.exec(said) ?? []
  return parseSize(`${amount}${unit.toUpperCase()}B`)
}
