/** A process that is held inside a container while a fault lasts: its stdin is ours, so it ends when the runner is gone. */
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { CheckFailure } from '../../../contracts/errors.ts'
import type { Held } from '../../../contracts/target.ts'
import type { Change } from '../../../contracts/undo.ts'
import { checkHeld as checkHeldBy, endHeld as endHeldBy, HELD_MARK } from '../../held.ts'
import { type At, about } from './about.ts'
import { Frames } from './frames.ts'
import { named } from './group.ts'
import { execBody } from './inside-script.ts'
import type { Inspection } from './inspection.ts'
import { endHeld, inTurn } from './scripts.ts'

export async function holdInside(at: At, { does, title, script }: Held): Promise<Change> {
  const { group } = at
  const all = (await group.present()).filter(({ State }) => State.Status === 'running')
  if (all.length === 0) throw new CheckFailure(`${group.name} is not running`, { hint: 'start it or restore it first' })
  const mark = randomBytes(8).toString('hex')
  let said: string[] = []
  return {
    ...about(at, does, {
      title,
      ends: { by: 'holder' },
      sh: inTurn(all.map((one) => endHeld(named(one), 'end'))),
      verify: inTurn(all.map((one) => endHeld(named(one), 'check'))),
      keeps: { end: execBody(['sh', '-c', endHeldBy(mark)]), check: execBody(['sh', '-c', checkHeldBy(mark)]) },
    }),
    apply: async (signal) => {
      said = await Promise.all(all.map((one) => begin(at, one, script, mark, signal)))
    },
    inEffect: async () => ({ yes: true, evidence: said.join('; ') }),
  }
}

/** Resolves with what it says of itself once it is in effect. */
async function begin(
  { group }: At,
  { Id, Name }: Inspection,
  script: string,
  mark: string,
  signal: AbortSignal,
): Promise<string> {
  const { engine } = group
  const exec = await engine.json<{ Id: string }>('POST', `/containers/${Id}/exec`, {
    body: {
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Cmd: ['sh', '-c', script],
      Env: [`${HELD_MARK}=${mark}`],
    },
    signal,
  })
  const socket = await engine.hijack(`/exec/${exec.Id}/start`, { Detach: false, Tty: false }, signal)
  return untilReady(socket, Name.slice(1), signal)
}

function untilReady(socket: Duplex, name: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = () =>
      reject(signal.aborted ? signal.reason : new CheckFailure(`${name}: ${text.trim() || 'the fault ended at once'}`))
    const frames = new Frames((_, bytes) => {
      text += bytes.toString()
      const ready = /^ready ?(.*)$/m.exec(text)
      if (ready) resolve(ready[1] ?? '')
    })
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.on('data', (chunk: Buffer) => frames.push(chunk))
    for (const event of ['end', 'close', 'error']) socket.once(event, fail)
    socket.resume()
  })
}
