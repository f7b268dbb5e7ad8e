/** The runner's side of the shell on the host: requests go out, answers come back. */

import { randomBytes } from 'node:crypto'
import type { ClientChannel } from 'ssh2'
import { lastLines } from '../../../base/brief.ts'
import { TargetError } from '../../../contracts/errors.ts'
import { UNCUT } from '../../../contracts/transport.ts'
import { type Answer, Frames } from './frames.ts'
import type { Job, Outcome, Sessions } from './job.ts'
import { escapeLine, firstLineScript } from './line.ts'
import { shellScript } from './shell-script.ts'

const READY_WITHIN = 10_000
/** A command has ended and somebody holds its outputs: they may pause for so long. */
const QUIET_GRACE = 300
/** What is longer is slow to read, line by line and byte by byte. */
const LINE_LIMIT = 8 * 1024
/** Between two of them others have their say. */
const CHUNK = 256 * 1024

export interface Request {
  /** One line of shell that execs the command; the files of the request are `"$slot.in"` and `"$slot.script"`. */
  readonly line: string
  readonly stdin: Uint8Array | undefined
  readonly script: string | undefined
  /** Bytes of each output that come back; one more tells that there was more. */
  readonly keep: number
}

/** The host has no space for the files of a command, which was not begun. */
export class NoSpace extends Error {}

interface Pending {
  begun(group: number): void
  exited(code: number, signalled: boolean): void
  /** An output was not kept to its end. */
  cut(stream: 'stdout' | 'stderr'): void
  /** Processes of its group go on. */
  left(): void
  done(stdout: Buffer, stderr: Buffer): void
  fail(error: Error): void
}

export class FramedShell {
  readonly ended: Promise<void>
  /** Whether a long stdin goes through as it is. */
  readonly exact: boolean
  readonly #channel: ClientChannel
  readonly #address: string
  readonly #pending = new Map<number, Pending>()
  readonly #free: number[] = []
  #slots = 0
  #over = false

  private constructor(channel: ClientChannel, frames: Frames, { settings }: Sessions, exact: boolean) {
    this.#channel = channel
    this.#address = settings.address
    this.exact = exact
    frames.told = {
      word: (word, slot, value, how) => this.#told(word, slot, value, how),
      done: (slot, stdout, stderr) => this.#pending.get(slot)?.done(stdout, stderr),
    }
    this.ended = new Promise((resolve) => {
      channel.once('close', () => {
        this.#cut()
        resolve()
      })
    })
  }

  /** Undefined where the host has no room for its files. Throws a TargetError when it runs no commands at all. */
  static async start(link: Sessions): Promise<FramedShell | undefined> {
    const token = randomBytes(16).toString('hex')
    const channel = await link.session(firstLineScript(link.settings.become))
    const frames = new Frames(token)
    channel.on('data', (chunk: Buffer) => frames.take(chunk))
    channel.on('error', () => undefined)
    const said = collect(channel.stderr)
    channel.write(`${escapeLine(`token=${token}\n${shellScript}`)}\n`)
    const answer = await firstAnswer(channel, frames)
    if (answer === 'exact' || answer === 'ready') return new FramedShell(channel, frames, link, answer === 'exact')
    channel.destroy()
    if (answer === 'none') return undefined
    throw new TargetError(whyNoShell(link, answer, `${frames.noise()}\n${said()}`))
  }

  run(request: Request): Job {
    const slot = this.#free.pop() ?? ++this.#slots
    const group = Promise.withResolvers<number | undefined>()
    const outcome = Promise.withResolvers<Outcome>()
    let how = { code: 137, signalled: true }
    const cut = { ...UNCUT }
    let taken = false
    let left: Outcome['left']
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const over = () => {
      clearTimeout(timer)
      this.#pending.delete(slot)
      // A late word about a slot that was taken would be one about another command.
      if (!taken) this.#free.push(slot)
      group.resolve(undefined)
    }
    const take = () => {
      taken = true
      this.#tell(`take ${slot} ${request.keep + 1}`)
    }
    this.#pending.set(slot, {
      begun: group.resolve,
      exited: (code, signalled) => {
        how = { code, signalled }
        timer = setTimeout(take, QUIET_GRACE)
      },
      cut: (stream) => {
        cut[stream] = true
      },
      left: () => {
        left = 'group'
      },
      done: (stdout, stderr) => {
        over()
        outcome.resolve({ ...how, stdout, stderr, cut, left: left ?? (taken ? 'elsewhere' : undefined) })
      },
      fail: (error) => {
        over()
        outcome.reject(error)
      },
    })
    void this.#send(slot, request, () => stopped).then((sent) => {
      if (sent) return
      this.#tell(`drop ${slot}`)
      this.#pending.get(slot)?.done(Buffer.alloc(0), Buffer.alloc(0))
    })
    if (this.#over) this.#cut()
    const stop = async () => {
      stopped = true
      const leader = await group.promise
      if (leader !== undefined) this.#tell(`stop ${leader}`)
    }
    return { outcome: outcome.promise, group: group.promise, stop }
  }

  /** False: it was stopped before all of it was there, and is not run. */
  async #send(slot: number, { line, stdin, script, keep }: Request, stopped: () => boolean): Promise<boolean> {
    if (script !== undefined) await this.#put(slot, 'script', Buffer.from(script), stopped)
    if (stdin !== undefined) await this.#put(slot, 'in', stdin, stopped)
    if (stopped()) return false
    this.#tell(`run ${slot} ${keep + 1} ${Math.ceil((keep + 1) / 512)}\n${line}`)
    return true
  }

  async #put(slot: number, name: 'in' | 'script', bytes: Uint8Array, stopped: () => boolean): Promise<void> {
    if (bytes.length <= LINE_LIMIT || !this.exact) {
      this.#tell(`text ${slot} ${name}\n${escapeLine(bytes)}`)
      return
    }
    for (let at = 0; at < bytes.length && !this.#over && !stopped(); at += CHUNK) {
      const chunk = bytes.subarray(at, at + CHUNK)
      const head = Buffer.from(`put ${slot} ${name} ${chunk.length}\n`)
      if (!this.#channel.write(Buffer.concat([head, chunk]))) await this.#drained()
    }
  }

  async #drained(): Promise<void> {
    await Promise.race([new Promise<void>((resolve) => this.#channel.once('drain', () => resolve())), this.ended])
  }

  #tell(line: string): void {
    if (!this.#over) this.#channel.write(`${line}\n`)
  }

  #told(word: string, slot: number, value: number, how: string): void {
    const pending = this.#pending.get(slot)
    if (word === 'begun') pending?.begun(value)
    if (word === 'exit') pending?.exited(value, how === 'signal')
    if (word === 'left') pending?.left()
    if (word === 'cut') pending?.cut(how === 'err' ? 'stderr' : 'stdout')
    if (word === 'full') pending?.fail(new NoSpace())
  }

  #cut(): void {
    this.#over = true
    const error = new TargetError(`the connection to ${this.#address} was cut while a command ran`, {
      transient: true,
      unknownOutcome: true,
    })
    for (const pending of [...this.#pending.values()]) pending.fail(error)
  }
}

type First = Answer | 'nothing' | { readonly code: number | undefined }

function firstAnswer(channel: ClientChannel, frames: Frames): Promise<First> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('nothing'), READY_WITHIN)
    let code: number | undefined
    channel.once('exit', (exit: number | null) => {
      code = exit ?? undefined
    })
    channel.once('close', () => {
      clearTimeout(timer)
      resolve({ code })
    })
    void frames.answer.then((word) => {
      clearTimeout(timer)
      resolve(word)
    })
  })
}

function whyNoShell({ settings }: Sessions, answer: First, said: string): string {
  const { address, user, become } = settings
  const words = lastLines(said.trim(), 2).replaceAll('\n', ' ').trim()
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
