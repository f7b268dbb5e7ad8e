/** The log of a service that is a file somewhere: what was read of it is found again, and what was lost of it is known. */
import { closeSync } from 'node:fs'
import type { LogLines, LogMark } from '../../../contracts/target.ts'
import { LineFile } from './line-file.ts'
import type { Flaw } from './line-list.ts'

/** So many bytes at the beginning of a file tell it from one that was emptied and has grown again. */
export const HEAD = 64
/** Bytes to read of a log when only its last lines are asked for. */
const TAIL = 1024 * 1024

/** A file as it is now. */
export interface FileNow {
  readonly size: number
  /** Its number on the disk, and its first bytes. */
  readonly identity: string
}

export interface LogSource {
  /** `head`: how many of its first bytes are a part of its identity. Undefined when there is no such file. Throws a TargetError. */
  look(head: number): Promise<FileNow | undefined>
  /** A descriptor on this machine from which the log can be read, and what brings bytes up to there into it. */
  open(): Promise<{ readonly file: number; fill(size: number): Promise<void> }>
}

interface Generation {
  readonly file: number
  fill(size: number): Promise<void>
  /** Bytes of earlier generations: marks count on. */
  readonly base: number
  readonly head: number
  readonly identity: string
  size: number
  /** By the offset that they begin with. */
  readonly lines: Map<number, LineFile>
}

export const LOST: Flaw = { why: 'the log was rotated or emptied, so lines of it are lost', missing: 'start' }

export class TrackedLog {
  readonly #source: LogSource
  #now: Generation | undefined
  #base = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(source: LogSource) {
    this.#source = source
  }

  /** Where it ends. */
  mark(): Promise<LogMark> {
    return this.#inTurn(async () => {
      const now = await this.#look()
      return now === undefined ? this.#base : now.base + now.size
    })
  }

  /** The lines behind a mark, the one that is still being written too. */
  read(since: LogMark = 0, last?: number): Promise<LogLines> {
    return this.#inTurn(async () => {
      const now = await this.#look()
      const flaw = since < (now?.base ?? this.#base) ? LOST : undefined
      if (now === undefined) return Object.assign([], flaw && { flaw })
      await now.fill(now.size)
      const from = Math.max(0, since - now.base)
      if (last !== undefined) return lastLines(now, from, last)
      const lines = now.lines.get(from) ?? new LineFile(now.file, from)
      now.lines.set(from, lines)
      return lines.lines(now.size, flaw)
    })
  }

  close(): void {
    if (this.#now) closeSync(this.#now.file)
    this.#now = undefined
  }

  async #look(): Promise<Generation | undefined> {
    const known = this.#now
    const found = await this.#source.look(known?.head ?? 0)
    if (known && (found === undefined || found.size < known.size || found.identity !== known.identity)) {
      this.#base = known.base + known.size
      this.close()
      return this.#look()
    }
    if (found === undefined || found.size === 0) return this.#now
    if (!known || known.head < HEAD) await this.#open(found.size)
    if (this.#now) this.#now.size = Math.max(found.size, this.#now.size)
    return this.#now
  }

  /** Also when there is more of its head than before. */
  async #open(size: number): Promise<void> {
    const head = Math.min(HEAD, size)
    const found = await this.#source.look(head)
    if (found === undefined || found.size < head) return
    const known = this.#now
    this.#now = known
      ? { ...known, head, identity: found.identity }
      : {
          ...(await this.#source.open()),
          base: this.#base,
          head,
          identity: found.identity,
          size: found.size,
          lines: new Map(),
        }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

/** The logs of a stack, each made when it is asked for. */
export class TrackedLogs {
  readonly #source: (service: string) => LogSource
  readonly #logs = new Map<string, TrackedLog>()

  constructor(source: (service: string) => LogSource) {
    this.#source = source
  }

  of(service: string): TrackedLog {
    const log = this.#logs.get(service) ?? new TrackedLog(this.#source(service))
    this.#logs.set(service, log)
    return log
  }

  close(): void {
    for (const log of this.#logs.values()) log.close()
  }
}

async function lastLines({ file, size }: Generation, from: number, last: number): Promise<LogLines> {
  const start = Math.max(from, size - TAIL)
  const lines = await new LineFile(file, start).lines(size)
  return lines.slice(start === from ? 0 : 1).slice(-last)
}
