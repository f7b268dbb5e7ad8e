/** A command with a channel of its own: where there is no shell to share, and for a long stdin. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:os'
import type { ClientChannel } from 'ssh2'
import { TargetError } from '../../../contracts/errors.ts'
import { type Cut, UNCUT } from '../../../contracts/transport.ts'
import { LONG_GRACE, type Rest, restOf } from '../output.ts'
import type { Launch } from '../script.ts'
import type { Job, Outcome, Sessions } from './job.ts'
import { escapeLine, firstLineScript } from './line.ts'

const TERM_GRACE = 0.2

/** `mainWith` is told where descriptor 3 of a script comes from, and execs the command; what stdin holds behind it is the command's. */
export async function execAlone(
  link: Sessions,
  mainWith: (script: string) => string,
  launch: Launch,
  keep: number,
  signal: AbortSignal,
): Promise<Job> {
  const token = randomBytes(16).toString('hex')
  const group = Promise.withResolvers<number | undefined>()
  const channel = await link.session(firstLineScript(link.settings.become))
  channel.on('error', () => undefined)
  if (signal.aborted) channel.destroy()
  signal.throwIfAborted()
  const main = mainWith(`3<<'${token}'`)
  const stdout = keeper(keep, marked(token, group.resolve))
  const stderr = keeper(keep)
  channel.on('data', stdout.take)
  channel.stderr.on('data', stderr.take)
  const outcome = howItEnds(channel, link, () => {
    group.resolve(undefined)
    return { stdout: stdout.bytes(), stderr: stderr.bytes() }
  })
  const script = launch.script === undefined ? '' : `${launch.script}\n${token}\n`
  channel.write(`${escapeLine(`unset SD_LINE\n${sayGroup(token, link.settings.become)}${main}${script}`)}\n`)
  channel.end(launch.stdin)
  return { group: group.promise, outcome, stop: () => stopGroup(link, group.promise) }
}

/** Below sudo the group is led by it and not by us. */
function sayGroup(token: string, become: boolean): string {
  return `printf '\\n%s %d\\n' ${token} ${become ? '"$(ps -o pgid= -p $$)"' : '$$'}\n`
}

async function stopGroup(link: Sessions, group: Promise<number | undefined>): Promise<void> {
  const leader = await group
  if (leader === undefined) return
  const channel = await link.session(firstLineScript(link.settings.become))
  const script = `kill -TERM -${leader} 2>/dev/null; sleep ${TERM_GRACE} 2>/dev/null || sleep 1; kill -KILL -${leader} 2>/dev/null`
  await new Promise<void>((done) => {
    channel.once('close', done).on('error', () => undefined)
    channel.resume().stderr.resume()
    channel.end(`${escapeLine(script)}\n`)
  })
}

function howItEnds(
  channel: ClientChannel,
  { settings }: Sessions,
  outputs: () => { stdout: Buffer; stderr: Buffer },
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let how: Pick<Outcome, 'code' | 'signalled'> | undefined
    let cut: Cut = UNCUT
    let left: Outcome['left']
    channel.once('exit', (code: number | null, signal?: string) => {
      how = code === null ? { code: 128 + numberOf(signal), signalled: true } : { code, signalled: false }
      void closeWhenSettled(channel).then((rest) => {
        left = rest === 'ended' ? undefined : 'group'
        cut = rest === 'talking' ? { stdout: true, stderr: true } : UNCUT
      })
    })
    channel.once('close', () => {
      const seen = outputs()
      if (how) return resolve({ ...how, ...seen, cut, left })
      reject(
        new TargetError(`the connection to ${settings.address} was cut while a command ran`, {
          transient: true,
          unknownOutcome: true,
        }),
      )
    })
  })
}

/** A child that goes on may hold the channel. */
async function closeWhenSettled(channel: ClientChannel): Promise<Rest> {
  const output = { seen: 0 }
  for (const stream of [channel, channel.stderr])
    stream.on('data', (chunk: Buffer) => {
      output.seen += chunk.length
    })
  const rest = await restOf(new Promise((closed) => channel.once('close', closed)), output, LONG_GRACE)
  if (rest !== 'ended') channel.close()
  return rest
}

function numberOf(signal: string | undefined): number {
  const name = signal?.startsWith('SIG') ? signal : `SIG${signal}`
  return Object.entries(constants.signals).find(([one]) => one === name)?.[1] ?? 0
}

/** Keeps so many bytes and one more, which tells that there was more. */
function keeper(keep: number, clean: (chunk: Buffer) => Buffer = (chunk) => chunk) {
  const chunks: Buffer[] = []
  let size = 0
  return {
    take: (chunk: Buffer) => {
      const kept = clean(chunk).subarray(0, keep + 1 - size)
      if (kept.length > 0) chunks.push(kept)
      size += kept.length
    },
    bytes: () => Buffer.concat(chunks),
  }
}

/** Drops what a login shell prints before our first line, which tells the process group. */
function marked(token: string, found: (group: number) => void): (chunk: Buffer) => Buffer {
  const mark = Buffer.from(`\n${token} `)
  let before: Buffer | undefined = Buffer.alloc(0)
  return (chunk) => {
    if (before === undefined) return chunk
    before = Buffer.concat([before, chunk])
    const start = before.indexOf(mark)
    const end = start === -1 ? -1 : before.indexOf(10, start + mark.length)
    if (end === -1) return Buffer.alloc(0)
    found(Number(before.subarray(start + mark.length, end).toString()))
    const rest = before.subarray(end + 1)
    before = undefined
    return rest
  }
}
