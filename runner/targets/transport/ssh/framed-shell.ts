/** The runner's side of the shell on the host: requests go out, frames come back. */
import { randomBytes } from 'node:crypto'
import type { ClientChannel } from 'ssh2'
import { TargetError } from '../../../contracts/errors.ts'
import { Frames, type Outcome } from './frames.ts'
import type { Job, Sessions } from './job.ts'
import { escapeLine, firstLineScript } from './line.ts'
import { shellScript } from './shell-script.ts'

const READY_WITHIN = 10_000

export interface Request {
  readonly main: string
  readonly stdin: Uint8Array | undefined
  readonly script: string | undefined
  /** Bytes of each output that come back; one more tells that there was more. */
  readonly keep: number
}

interface Pending {
  begun(group: number | undefined): void
  ended(outcome: Outcome): void
  cut(error: TargetError): void
}

export class FramedShell {
  readonly ended: Promise<void>
  readonly #channel: ClientChannel
  readonly #address: string
  readonly #pending = new Map<number, Pending>()
  #next = 1
  #over = false

  private constructor(channel: ClientChannel, frames: Frames, address: string) {
    this.#channel = channel
    this.#address = address
    frames.begun = (id, group) => this.#pending.get(id)?.begun(group)
    frames.ended = (id, outcome) => this.#pending.get(id)?.ended(outcome)
    this.ended = new Promise((resolve) => {
      channel.once('close', () => {
        this.#cut()
        resolve()
      })
    })
  }

  /** Undefined where the host has no room for its files. Throws a TargetError when it runs no commands at all. */
  static async start(link: Sessions): Promise<FramedShell | undefined> {
    const { become, address } = link.settings
    const token = randomBytes(16).toString('hex')
    const channel = await link.session(firstLineScript(become))
    const frames = new Frames(token)
    channel.on('data', (chunk: Buffer) => frames.take(chunk))
    channel.on('error', () => undefined)
    const said = collect(channel.stderr)
    channel.write(`${escapeLine(`token=${token}\n${shellScript}`)}\n`)
    const answer = await firstAnswer(channel, frames)
    if (answer === 'ready') return new FramedShell(channel, frames, address)
    channel.destroy()
    if (answer === 'none') return undefined
    throw new TargetError(whyNoShell(link, answer, `${frames.noise()}\n${said()}`))
  }

  run({ main, stdin, script, keep }: Request): Omit<Job, 'stop'> {
    const id = this.#next++
    const group = Promise.withResolvers<number | undefined>()
    const outcome = Promise.withResolvers<Outcome>()
    const over = () => {
      this.#pending.delete(id)
      group.resolve(undefined)
    }
    this.#pending.set(id, {
      begun: group.resolve,
      ended: (how) => {
        over()
        outcome.resolve(how)
      },
      cut: (error) => {
        over()
        outcome.reject(error)
      },
    })
    const begins = `echo "b ${id} $$" >&3; exec 3>&- <${file('in')} >${file('out')} 2>${file('err')}\n`
    const fields = [begins + main, stdin, script].map(fieldOf)
    this.#tell(`run ${id} ${keep + 1} ${fields.join(' ')}`)
    if (this.#over) this.#cut()
    return { outcome: outcome.promise, group: group.promise }
  }

  stop(group: number): void {
    this.#tell(`stop ${group}`)
  }

  #tell(line: string): void {
    if (!this.#over) this.#channel.write(`${line}\n`)
  }

  #cut(): void {
    this.#over = true
    const error = new TargetError(`the connection to ${this.#address} was cut while a command ran`, {
      transient: true,
      unknownOutcome: true,
    })
    for (const pending of [...this.#pending.values()]) pending.cut(error)
  }
}

/** Where the files of a request are, in the words of its `main`. */
export function file(name: 'in' | 'out' | 'err' | 'script'): string {
  return `"\${0%.main}.${name}"`
}

/** A word that is empty is written as `-`. */
function fieldOf(content: Uint8Array | string | undefined): string {
  const field = escapeLine(content ?? '')
  if (field === '') return '-'
  return field === '-' ? '\\0055' : field
}

type Answer = 'ready' | 'none' | 'nothing' | { readonly code: number | undefined }

function firstAnswer(channel: ClientChannel, frames: Frames): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('nothing'), READY_WITHIN)
    let code: number | undefined
    channel.once('exit', (exit: number | null) => {
      code = exit ?? undefined
    })
    channel.once('close', () => resolve({ code }))
    void frames.answer.then((word) => {
      clearTimeout(timer)
      resolve(word)
    })
  })
}

function whyNoShell({ settings }: Sessions, answer: Answer, said: string): string {
  const { address, user, become } = settings
  const words = said.trim().split('\n').slice(-2).join(' ').trim()
  if (become && /password|sudo/i.test(words))
    return `${address}: \`become: true\` needs \`sudo -n\` to work without a password, and it says: ${words}. Allow it in sudoers (NOPASSWD), or leave \`become\` out`
  if (answer === 'nothing')
    return `${address}: the login shell of ${user} did not run \`sh\` within ${READY_WITHIN / 1_000} s`
  return `${address}: the login shell of ${user} runs no commands${words === '' ? '' : `: ${words}`}`
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    if (text.length < 4_096) text += chunk.toString()
  })
  return () => text
}
