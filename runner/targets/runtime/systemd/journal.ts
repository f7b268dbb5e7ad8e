/** The journal of a machine: the logs of its units, and what systemd says of them, which wakes whoever waits. */
import { pause } from '../../../base/timer.ts'
import { quote } from '../../../contracts/command.ts'
import type { Wake } from '../../../contracts/transport.ts'
import type { Machine } from './machine.ts'
import { objectOf } from './object.ts'

/** What comes together is told of together, in ms. */
const TOGETHER = 20
/** Between two tries to reach a machine that went away, in ms. */
const TRY_AGAIN = 250

/** Cursors of last entries; empty where there are none. */
export interface Ends {
  /** For the log of each unit. */
  readonly logs: readonly string[]
  /** For the messages of systemd about all units. */
  readonly state: string
  /** For the whole journal. */
  readonly all: string
}

/**
 * Where the log of each unit ends, and where what systemd says of all of them does; empty where there is nothing yet. A
 * cursor is only good with the matches it was found with: with others `--after-cursor` of systemd 252 leaves an entry out.
 */
export async function endsOf(machine: Machine, units: readonly string[]): Promise<Ends> {
  if (machine.blind !== undefined || units.length === 0) return { logs: units.map(() => ''), state: '', all: '' }
  const matches = [...units.map(ownLines), units.map(linesOfSystemd).join(' + '), '']
  const script = matches.map((of) => `journalctl --no-pager -q -n 1 -o cat --show-cursor ${of} | tail -n 1; echo @`)
  // What was logged by now, and is on its way, belongs before it.
  const ends = (await machine.ask(['journalctl --sync 2>/dev/null', ...script].join('\n')))
    .split('@\n')
    .map((said) => /^-- cursor: (.+)$/m.exec(said)?.[1] ?? '')
  return { logs: ends.slice(0, units.length), state: ends[units.length] ?? '', all: ends[units.length + 1] ?? '' }
}

/** The last lines as `journalctl -u` shows them, with what systemd says of the unit: also those that are on their way. */
export async function lastLines({ ask }: Machine, unit: string): Promise<readonly string[]> {
  const script = `journalctl --sync 2>/dev/null
journalctl --no-pager -q -o cat -n 20 -u ${quote(unit)}`
  const said = await ask(script).catch(() => '')
  return said.split('\n').filter(Boolean)
}

/** Not by `-u`, which adds the lines of systemd itself: a service's log is what it says on every runtime. */
export function ownLines(unit: string): string {
  return `_SYSTEMD_UNIT=${quote(unit)}`
}

function linesOfSystemd(unit: string): string {
  return `_PID=1 UNIT=${quote(unit)}`
}

/**
 * Ends with the first entries behind a cursor, or with the first change on the bus: journald lets its readers know up to
 * 250 ms late, and the bus is told only while somebody listens (logind does) and only to root; what it has missed, the
 * journal has. An end of their reader does not reach the two before they have more to say, so that the whole group is told.
 */
const NEXT = `trap : TERM
{
  journalctl --no-pager -q -f $from -o json --output-fields=UNIT,_SYSTEMD_UNIT,_PID $entries &
  busctl --json=short monitor $changes &
  wait
} 2>/dev/null | {
  trap '' TERM
  IFS= read -r line || exit 0
  printf '%s\\n' "$line"
  kill -TERM 0
  cat
}
exit 0`

interface Entry {
  readonly __CURSOR: string
  readonly UNIT?: string
  readonly _SYSTEMD_UNIT?: string
  readonly _PID?: string
}

/** A signal of the bus. */
interface Signal {
  readonly path: string
}

type News = Entry | Signal
type Listeners = Map<string, Set<Wake>>

/** Follows the journal from a cursor on, one command at a time, so that nothing is missed between two of them. */
export class Follower implements AsyncDisposable {
  readonly #machine: Machine
  readonly #units: readonly string[]
  readonly #states: Listeners = new Map()
  readonly #logs: Listeners = new Map()
  readonly #over = new AbortController()
  #cursor: string
  /** The last word of systemd itself: it is good with any set of logs. */
  #word: string
  #command = new AbortController()
  #following: Promise<void> | undefined

  constructor(machine: Machine, units: readonly string[], cursor: string) {
    this.#machine = machine
    this.#units = units
    this.#cursor = cursor
    this.#word = cursor
  }

  /** Wakes when systemd says something of the unit. */
  watch(unit: string, wake: Wake): AsyncDisposable {
    this.#begin()
    return listen(this.#states, unit, wake)
  }

  /** Wakes when it logs something. */
  watchLogs(unit: string, wake: Wake): AsyncDisposable {
    const first = !this.#logs.get(unit)?.size
    const listening = listen(this.#logs, unit, wake)
    if (first) this.#command.abort(new Error('asked for more'))
    this.#begin()
    return {
      [Symbol.asyncDispose]: async () => {
        await listening[Symbol.asyncDispose]()
        this.#cursor = this.#word
      },
    }
  }

  /** Something that systemd does not write down. */
  wake(unit: string, because: string): void {
    for (const wake of [...(this.#states.get(unit) ?? [])]) wake(because)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('over'))
    this.#command.abort(new Error('over'))
    await this.#following
  }

  #begin(): void {
    if (this.#machine.blind === undefined) this.#following ??= this.#follow()
  }

  async #follow(): Promise<void> {
    while (!this.#over.signal.aborted) {
      this.#command = new AbortController()
      const { signal } = this.#command
      try {
        const news = await this.#next(signal)
        this.#cursor = news.findLast(isEntry)?.__CURSOR ?? this.#cursor
        this.#word = news.findLast(isWord)?.__CURSOR ?? this.#word
        this.#tell(news)
        await pause(news.length > 0 ? TOGETHER : TRY_AGAIN, signal)
      } catch {
        if (signal.aborted) continue
        this.#tellAll('the journal can’t be followed')
        await pause(TRY_AGAIN, this.#over.signal)
      }
    }
  }

  async #next(signal: AbortSignal): Promise<readonly News[]> {
    const logged = [...this.#logs].filter(([, wakes]) => wakes.size > 0).map(([unit]) => unit)
    const entries = [...this.#units.map(linesOfSystemd), ...logged.map(ownLines)].join(' + ')
    const changes = this.#units.map((unit) => `--match="type='signal',path='${objectOf(unit)}'"`).join(' ')
    const from = this.#cursor === '' ? '--no-tail' : `--no-tail --after-cursor=${quote(this.#cursor)}`
    const words = { from, entries, changes }
    const script = NEXT.replace(/\$(from|entries|changes)/g, (_, word: keyof typeof words) => words[word])
    const { stdout } = await this.#machine.transport.exec({ sh: script }, { cwd: '/' }, signal)
    return Buffer.from(stdout).toString().split('\n').flatMap(newsOf)
  }

  #tell(news: readonly News[]): void {
    const changed = new Set<string>()
    const logged = new Set<string>()
    for (const one of news) {
      if (!isEntry(one)) changed.add(this.#units.find((unit) => objectOf(unit) === one.path) ?? '')
      else if (isWord(one)) changed.add(one.UNIT)
      else logged.add(one._SYSTEMD_UNIT ?? '')
    }
    for (const unit of changed) this.wake(unit, `systemd tells of ${unit}`)
    for (const unit of logged) for (const wake of [...(this.#logs.get(unit) ?? [])]) wake(`${unit} logged a line`)
  }

  #tellAll(because: string): void {
    for (const wakes of [...this.#states.values(), ...this.#logs.values()]) for (const wake of [...wakes]) wake(because)
  }
}

function listen(listeners: Listeners, unit: string, wake: Wake): AsyncDisposable {
  const wakes = listeners.get(unit) ?? new Set()
  listeners.set(unit, wakes.add(wake))
  return { [Symbol.asyncDispose]: async () => void wakes.delete(wake) }
}

function isEntry(news: News): news is Entry {
  return '__CURSOR' in news
}

/** Of systemd about a unit. */
function isWord(news: News): news is Entry & { UNIT: string } {
  return isEntry(news) && news._PID === '1' && news.UNIT !== undefined
}

/** The last line may be cut off. */
function newsOf(line: string): News[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as News]
  } catch {
    return []
  }
}
