/** The log of a unit: only new entries are fetched, some thousand at a time, and kept in a file of the runner. */
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import type { LogLines, LogMark } from '../../../contracts/target.ts'
import { OUTPUT_KEPT } from '../../../contracts/transport.ts'
import { LineFile } from '../log/line-file.ts'
import { Spool } from '../log/spool.ts'
import { LOST } from '../log/tracked-log.ts'
import { ownLines } from './journal.ts'
import type { Machine } from './machine.ts'

/** Entries that are asked for at a time; fewer where they are so long that the answer is cut. */
const ENTRIES = 5_000
const LIMIT = 120_000
const CURSOR = '-- cursor: '
const ABOUT = /^(anchor|first|still|dropped) (.+)$/

export interface UnitLogParts {
  readonly machine: Machine
  readonly unit: string
  /** Where the log of the unit ended when the target was opened, and where the whole journal did; empty where there was nothing. */
  readonly cursor: string
  readonly anchor: string
}

interface Answer {
  readonly bytes: Uint8Array
  readonly cut: boolean
  /** `anchor CURSOR`, `first CURSOR`, `still CURSOR`, `dropped WORDS`. */
  readonly about: ReadonlyMap<string, string>
}

export class UnitLog {
  readonly #parts: UnitLogParts
  readonly #lines = new Map<number, LineFile>()
  #cursor: string
  /** An entry of the journal that was there at the last look: while it still is, none behind it was dropped. */
  #anchor: string
  #spool: Spool | undefined
  /** Losses happened before this offset. */
  #lost: LogMark | undefined
  readonly #flood = new Flood()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: UnitLogParts) {
    this.#parts = parts
    this.#cursor = parts.cursor
    this.#anchor = parts.anchor
  }

  /** The mark comes after messages that are logged by now and still on their way. */
  mark(): Promise<LogMark> {
    return this.#inTurn(async () => {
      await this.#readNew('journalctl --sync 2>/dev/null')
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

  async #readNew(first = ''): Promise<void> {
    const { machine, unit } = this.#parts
    if (machine.blind !== undefined) throw new TargetError(machine.blind)
    try {
      for (let entries = ENTRIES; entries >= 1; ) {
        const answer = await this.#ask(entries, first)
        if (answer.cut) entries = Math.floor(entries / 10)
        else if (!this.#take(answer, entries)) return
      }
      throw new Error('an entry is longer than 16 MiB')
    } catch (error) {
      throw new TargetError(`the log of ${unit} can’t be read: ${messageOf(error)}`, { transient: true, cause: error })
    }
  }

  /** True: there may be more. */
  #take({ bytes, about }: Answer, entries: number): boolean {
    const isGone = this.#anchor !== '' && about.get('still') !== this.#anchor
    if (isGone || about.has('dropped')) this.#lose()
    this.#anchor = about.get('anchor') ?? ''
    const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf(`\n${CURSOR}`)
    const text = bytes.subarray(0, at === -1 && startsWithCursor(bytes) ? 0 : at + 1)
    const cursor = Buffer.from(bytes.subarray(text.length)).toString().slice(CURSOR.length).trim()
    if (text.length === 0) return false
    this.#spool ??= new Spool()
    this.#spool.append(text)
    this.#spool.flush()
    const lines = newlinesIn(text)
    if (this.#flood.isOne(about.get('first') ?? this.#cursor, cursor, lines)) this.#lose()
    if (cursor !== '') this.#cursor = cursor
    return lines >= entries
  }

  #lose(): void {
    this.#lost = this.#spool?.size ?? 0
  }

  async #ask(entries: number, first: string): Promise<Answer> {
    const { machine, unit } = this.#parts
    const set = { cursor: this.#cursor, anchor: this.#anchor, unit }
    const sh = `${first}\n${READ.replace('$entries', String(entries)).replaceAll('$matches', ownLines(unit))}`
    const options = { cwd: '/', timeout: LIMIT, keep: OUTPUT_KEPT }
    const exit = await machine.transport.exec({ sh, set }, options, new AbortController().signal)
    const said = Buffer.from(exit.stderr).toString()
    if (exit.timedOut) throw new Error('the journal does not answer in time')
    const complaint = said.split('\n').find((line) => line !== '' && !ABOUT.test(line))
    // With a cursor that nothing lies behind, it exits with 1 and says nothing.
    if (exit.code > 1 || (exit.code === 1 && complaint))
      throw new Error(complaint ?? `journalctl exits with ${exit.code}`)
    const about = new Map(
      said.split('\n').flatMap((line) => {
        const [, word = '', value = ''] = ABOUT.exec(line) ?? []
        return word === '' ? [] : [[word, value] as const]
      }),
    )
    return { bytes: exit.stdout, cut: exit.cut.stdout, about }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

/**
 * The entries behind a cursor on stdout, with the cursor of the last; what tells of losses on stderr. With a cursor, `-n`
 * means the first entries behind it, so the first of all is looked up where there is none. The anchor is looked for once
 * the entries were read: while it is there, nothing behind it was dropped. journald says so itself when a unit logs
 * more than it takes (MESSAGE_ID).
 */
const READ = `
cursor_in() { sed -n 's/.*"__CURSOR" *: *"\\([^"]*\\)".*/\\1/p'; }
show() { journalctl --no-pager -q "$@"; }
say() { IFS= read -r value && echo "$1 $value" >&2; }
show -n 1 -o json --output-fields=_PID | cursor_in | say anchor
code=0 from=--after-cursor=$cursor
[ -n "$cursor" ] || from=--cursor=$(show -o json --output-fields=_PID $matches | head -n 1 | cursor_in)
[ -n "$cursor" ] || echo "\${from#--cursor=}" | say first
[ "$from" = --cursor= ] || show -o cat --all --show-cursor -n $entries "$from" $matches || code=$?
[ -n "$anchor" ] || exit $code
show -n 1 -o json --output-fields=_PID "--cursor=$anchor" | cursor_in | say still
show -o cat "--cursor=$anchor" MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e | grep -F " from $unit" | head -n 1 | say dropped
exit $code`

/** As journald has it where nothing else is set: so many entries of a unit within 30 s, and more where there is much space. */
const BURST = 10_000
const INTERVAL = 30_000_000

/** journald says that it dropped entries of a unit only with the next one that it takes, so that many at once are a sign by themselves. */
class Flood {
  #parts: { readonly from: number; readonly to: number; readonly entries: number }[] = []

  /** `from` and `to`: cursors around so many entries. */
  isOne(from: string, to: string, entries: number): boolean {
    const part = { from: timeIn(from), to: timeIn(to), entries }
    this.#parts = [...this.#parts, part].filter((one) => part.to - one.from < INTERVAL)
    return this.#parts.reduce((sum, one) => sum + one.entries, 0) >= BURST
  }
}

/** µs. */
function timeIn(cursor: string): number {
  return Number.parseInt(/(?:^|;)t=([0-9a-f]+)/.exec(cursor)?.[1] ?? '0', 16)
}

function startsWithCursor(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, CURSOR.length)).toString() === CURSOR
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count++
  return count
}
