/** A process of the host that outlives the connection. */
import { quote } from '../../../contracts/command.ts'
import type { Spawned } from '../../../contracts/transport.ts'
import { ToldLines } from '../told-lines.ts'
import type { Sessions } from './job.ts'
import { escapeLine, firstLineScript } from './line.ts'

/** Without a pty sshd gives it a session of its own; the end of its stdin tells it that we are gone. */
export async function spawnRemotely(
  link: Sessions,
  script: string,
  args: readonly string[],
  told?: (line: string) => void,
): Promise<Spawned> {
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
  const lines = new ToldLines(told, MARK)
  channel.on('data', (chunk: Buffer) => lines.take(chunk))
  void ended.then(() => lines.end())
  const words = ['sh', '-c', script, 'sh', ...args].map(quote).join(' ')
  channel.write(`${escapeLine(`unset SD_LINE\necho ${MARK}\ncd /\nexec ${words} 2>/dev/null`)}\n`)
  return {
    pid: undefined,
    said: lines.first,
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
