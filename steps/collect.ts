import { linePieces } from '../runner/base/line-pieces.ts'
import { known } from '../runner/base/redact/known.ts'
import { MASK } from '../runner/base/redact/redactor.ts'
import { type Command, says } from '../runner/contracts/command.ts'
import { CheckFailure, messageOf } from '../runner/contracts/errors.ts'
import { commands, listOf, mapping, optional, service, targetPath, text, url } from '../runner/contracts/params.ts'
import { placeAt } from '../runner/contracts/source.ts'
import { type Content, type Context, defineStep } from '../runner/contracts/step.ts'
import { checkUrl } from './shared/http-check.ts'

const LIMIT = 30_000
const CUT = '\n(cut here)\n'

/** Copies evidence to the results, redacted. */
export const collect = defineStep({
  name: 'collect',
  summary: 'Copies logs, files, and what commands and URLs answer to the results, redacted.',
  effect: 'reads',
  params: mapping(
    {
      logs: optional(listOf(service('a service'), 'whose logs')),
      files: optional(listOf(targetPath('a file'), 'which files of the target')),
      commands: optional(commands('whose output')),
      http: optional(listOf(url('a URL'), 'whose answers')),
      in: optional(service('files and commands are inside this service')),
      into: optional(text('a folder in the results (default collected)')),
    },
    { minProperties: 1 },
  ),
  timeout: '60s',
  examples: [{ logs: ['gateway'], http: ['http://gateway/api/state'] }],
  check: function* (params, { place, finding }) {
    const { into, http } = params as { into?: unknown; http?: unknown }
    if (Array.isArray(http))
      for (const [index, url] of http.entries()) yield* checkUrl(url, placeAt(place, 'http', index))
    if (typeof into === 'string' && (into.startsWith('/') || into.split('/').includes('..')))
      yield finding(
        placeAt(place, 'into'),
        'path-leaves-results',
        `"${into}" leaves the results folder`,
        'give a path below it, without ..',
      )
  },
  run: async (params, context) => {
    const tasks = [...tasksOf(params as Collect, context)]
    const done = await Promise.all(tasks.map((task) => attempt(task, params.into ?? 'collected', context)))
    const count = done.filter(Boolean).length
    if (count === 0) throw new CheckFailure('nothing could be collected')
    return { fields: {}, says: `${count} of ${tasks.length} collected` }
  },
})

interface Collect {
  readonly logs?: readonly string[]
  readonly files?: readonly string[]
  readonly commands?: readonly Command[]
  readonly http?: readonly string[]
  readonly in?: string
}

interface Task {
  readonly name: string
  take(): Promise<Content>
}

function* tasksOf(
  { logs = [], files = [], commands: run = [], http = [], in: inside }: Collect,
  { target }: Context,
): Generator<Task> {
  for (const name of logs)
    yield { name: `${name}.log`, take: async () => linePieces(await target.service(name).logs()) }
  for (const path of files)
    yield {
      name: fileName(path),
      take: async () => {
        const at = target.file(path, { in: inside })
        const bytes = await at.files.read(at.path)
        if (!bytes) throw new Error('it is not there')
        return bytes
      },
    }
  for (const command of run)
    yield {
      name: `${fileName(says(command))}.txt`,
      take: async () => {
        const exit = await target.exec(command, { in: inside, timeout: LIMIT })
        return `$ ${says(command)}\nexit ${exit.code}\n\n${Buffer.from(exit.stdout)}${exit.cut.stdout ? CUT : ''}${Buffer.from(exit.stderr)}${exit.cut.stderr ? CUT : ''}`
      },
    }
  for (const address of http)
    yield {
      name: `${fileName(address)}.txt`,
      take: async () => {
        const { status, headers, body, cut, undecoded } = await target.http({
          method: 'GET',
          url: address,
          timeout: LIMIT,
        })
        const missing = cut ?? undecoded
        const head = Object.entries(headers).map(([key, value]) => `${key}: ${value}`)
        return `${status}\n${head.join('\n')}\n\n${Buffer.from(body)}${missing === undefined ? '' : `\n(${missing})\n`}`
      },
    }
}

/** What could not be had is noted, and the rest is taken all the same. */
async function attempt(task: Task, into: string, context: Context): Promise<boolean> {
  try {
    await context.attach(`${into}/${task.name}`, await task.take())
    return true
  } catch (error) {
    context.note(`${task.name} could not be collected: ${messageOf(error)}`)
    return false
  }
}

/** Masked before it is shortened: part of a secret would not be found in it later. */
function fileName(text: string): string {
  return (
    known
      .text(text)
      .replaceAll(MASK, 'secret')
      .replace(/^https?:\/\//, '')
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[-.]+|-+$/g, '')
      .slice(0, 80) || 'output'
  )
}
