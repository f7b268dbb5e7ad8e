/** A process of the host that outlives the connection. */
import { quote } from '../../../contracts/command.ts'
import type { Spawned } from '../../../contracts/target.ts'
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
  const said = linesOf(channel, ended, told)
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

/** The first line is waited for, those after it are told. */
function linesOf(channel: NodeJS.ReadableStream, ended: Promise<void>, told: ((line: string) => void) | undefined) {
  const first = Promise.withResolvers<string | undefined>()
  const decoder = new TextDecoder()
  let rest = ''
  let begun = false
  let waited = true
  channel.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!begun) begun = line === MARK
      else if (waited) {
        waited = false
        first.resolve(line)
      } else told?.(line)
    }
  })
  void ended.then(() => first.resolve(undefined))
  return first.promise
}
