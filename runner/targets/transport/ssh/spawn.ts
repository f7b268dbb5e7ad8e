/** A process of the host that outlives the connection. */
import { quote } from '../../../contracts/command.ts'
import type { Spawned } from '../../../contracts/target.ts'
import type { Sessions } from './job.ts'
import { escapeLine, firstLineScript } from './line.ts'

/** Without a pty sshd gives it a session of its own; the end of its stdin tells it that we are gone. */
export async function spawnRemotely(link: Sessions, script: string, args: readonly string[]): Promise<Spawned> {
  const channel = await link.session(firstLineScript(link.settings.become))
  let open = true
  const ended = new Promise<void>((resolve) => {
    channel.once('close', () => {
      open = false
      resolve()
    })
  })
  channel.on('error', () => undefined)
  channel.stderr.resume()
  const said = firstLine(channel, ended)
  const words = ['sh', '-c', script, 'sh', ...args].map(quote).join(' ')
  channel.write(`${escapeLine(`unset SD_LINE\necho ${MARK}\ncd /\nexec ${words} 2>/dev/null`)}\n`)
  return {
    pid: undefined,
    said,
    ended,
    tell: (line) => {
      if (!open) return false
      channel.write(`${line}\n`)
      return true
    },
    release: () => void channel.end(),
  }
}

/** What a `.bashrc` prints comes before it. */
const MARK = 'shakedown-begins'

async function firstLine(channel: NodeJS.ReadableStream, ended: Promise<void>): Promise<string | undefined> {
  const line = Promise.withResolvers<string | undefined>()
  let text = ''
  const read = (chunk: Buffer) => {
    text += chunk.toString()
    const lines = text.split('\n')
    const at = lines.indexOf(MARK)
    if (at === -1 || lines.length < at + 3) return
    line.resolve(lines[at + 1])
    channel.off('data', read)
    channel.resume()
  }
  channel.on('data', read)
  void ended.then(() => line.resolve(undefined))
  return line.promise
}
