/** The `run` file of a service: what the supervisor starts. */
import { quote } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import { MARKER, markerOf } from './shell.ts'

export interface RunParts {
  readonly stack: string
  /** Where it starts. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** Raw, as targets.yaml has it. */
  readonly command: string | readonly unknown[]
  resolve<T>(plain: T): T
}

export function runScript({ stack, folder, environment, command, resolve }: RunParts): string {
  const exports = Object.entries({ ...environment, [MARKER]: markerOf(stack) }).map(
    ([name, value]) => `export ${name}=${quote(value)}`,
  )
  const lines = typeof command === 'string' ? shellLines(command, resolve) : argvLines(resolve(command))
  return [`cd ${quote(folder)} || exit 126`, ...exports, ...lines, ''].join('\n')
}

/** It takes the place of the shell, so that signals reach it. */
function argvLines(argv: readonly unknown[]): string[] {
  return [`exec ${argv.map((word) => quote(String(word))).join(' ')}`]
}

/** Each expression becomes a shell variable, so that a value can't become syntax. */
function shellLines(text: string, resolve: RunParts['resolve']): string[] {
  const set: string[] = []
  const parts = text.split(/(\$\{\{.*?\}\})/)
  let quotes: string | undefined
  const line = parts.map((part, index) => {
    if (index % 2 === 0) {
      quotes = openQuote(part, quotes)
      return part
    }
    if (quotes === "'") throw new TargetError(`an expression stands within single quotes: ${text}`)
    const name = `SD_${set.length + 1}`
    set.push(`${name}=${quote(String(resolve(part)))}`)
    return quotes === '"' ? `\${${name}}` : `"$${name}"`
  })
  return [...set, line.join('')]
}

/** Which quotes are open after a piece of shell. */
function openQuote(piece: string, before: string | undefined): string | undefined {
  let open = before
  for (const [mark] of piece.matchAll(/\\[\s\S]|['"]/g)) {
    if (mark.startsWith('\\') && open !== "'") continue
    const sign = mark.at(-1)
    if (open === undefined && (sign === "'" || sign === '"')) open = sign
    else if (open === sign) open = undefined
  }
  return open
}
