/** How a command is handed to the machine: an argv as it is, a script over a pipe and never in an argv. */
import { createWriteStream } from 'node:fs'
import { type Command, toShell } from '../../contracts/command.ts'
import type { ExecOptions } from '../../contracts/transport.ts'

export interface Launch {
  readonly argv: string[]
  readonly stdin: Uint8Array | undefined
  /** Goes over descriptor 3. */
  readonly script?: string
  feed(descriptor: number): void
}

/** Reads the script to its end before it runs any of it, and leaves neither descriptor nor variable behind. */
const OVER_THREE = 'SD_SCRIPT=$(cat <&3); exec 3<&-; eval "unset SD_SCRIPT\n$SD_SCRIPT"'

export function launchOf(command: Command, { stdin, shell = 'sh' }: ExecOptions): Launch {
  const input = typeof stdin === 'string' ? Buffer.from(stdin) : stdin
  if ('argv' in command) return { argv: [...command.argv], stdin: input, feed: nothing }
  const words = shell.split(' ')
  const script = toShell(command)
  if (input === undefined) return { argv: words, stdin: braced(script), feed: nothing }
  return { argv: [...words, '-c', OVER_THREE], stdin: input, script, feed: (descriptor) => feed(descriptor, script) }
}

/**
 * Within braces the shell parses all before it runs any, and `</dev/null` keeps commands from eating the script.
 * The leading `:` makes an empty script, or one of comments alone, legal.
 */
function braced(script: string): Uint8Array {
  return Buffer.from(`{ :; ${script}\n} </dev/null\n`)
}

/** A shell that ends early closes the pipe, which is no error of ours. */
function feed(descriptor: number, script: string): void {
  const pipe = createWriteStream('', { fd: descriptor })
  pipe.on('error', () => undefined)
  pipe.end(script)
}

function nothing(): void {}
