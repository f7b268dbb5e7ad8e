/** What a target of processes stands on. */
import { quote } from '../../../contracts/command.ts'
import type { Need } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { servicesOf } from './config.ts'

export async function processNeeds(
  config: Readonly<Record<string, unknown>>,
  transport: Transport,
): Promise<readonly Need[]> {
  const services = servicesOf(config)
  if (Object.keys(services).length === 0) return []
  const programs = Object.entries(services).flatMap(([name, { command }]) => {
    const [first] = Array.isArray(command) ? command : []
    return typeof first === 'string' && !/[/$]/.test(first) ? [{ service: name, program: first }] : []
  })
  const asked = [...new Set(['mkfifo', 'grep', ...programs.map(({ program }) => program)])]
  const sh = `for one in ${asked.map(quote).join(' ')}; do command -v "$one" >/dev/null 2>&1 || echo "$one"; done`
  const exit = await transport.exec({ sh }, { timeout: 10_000 }, new AbortController().signal)
  const missing = new Set(Buffer.from(exit.stdout).toString().split('\n').filter(Boolean))
  const starts = (program: string) => programs.filter((one) => one.program === program).map(({ service }) => service)
  return asked.map((name) => {
    const whose = starts(name).length > 0 ? `starts ${starts(name).join(', ')}` : 'for the supervisor of the stack'
    if (!missing.has(name)) return { name, there: true, says: whose }
    return { name, there: false, says: `is not in the PATH there (${whose})`, todo: `install ${name}` }
  })
}
