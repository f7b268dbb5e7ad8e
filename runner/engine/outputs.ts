/** The output of failed commands: all of it in a file of the results, its end in the event. */

import type { Redactor } from '../base/redact/redactor.ts'
import type { Output } from '../contracts/errors.ts'
import type { OutputTail } from '../contracts/events.ts'

/** How many lines an event shows of each stream, and how much of a line. */
const LAST_LINES = 40
const LONGEST_LINE = 1_000
/** The last lines are looked for in so many bytes: masking takes time. */
const LAST_BYTES = 256 * 1024

export interface Keeping {
  readonly redactor: Redactor
  /** Adds a file to the results and returns its path. Absent without a results folder. */
  attach?: ((name: string, bytes: Uint8Array) => string) | undefined
  /** Names the files: the id of the step. */
  readonly name: string
}

/** The tails of the output; empty streams are left out. */
export function tailsOf(outputs: readonly Output[], keeping: Keeping): OutputTail[] {
  return outputs.flatMap((output, index) => {
    const number = index === 0 ? '' : `-${index + 1}`
    return (['stdout', 'stderr'] as const).flatMap((stream): OutputTail[] => {
      const bytes = output[stream]
      if (bytes === undefined || bytes.length === 0) return []
      const name = `output/${keeping.name.replace(/[^\w#.-]+/g, '-').replaceAll('#', '-round-')}${number}.${stream}.txt`
      return [
        {
          of: keeping.redactor.text(output.of),
          stream,
          ...linesOf(bytes, keeping.redactor),
          ...(output.cut?.[stream] ? { cut: true } : {}),
          path: keep(name, bytes, keeping),
        },
      ]
    })
  })
}

/** A full disk does not shorten the report of the failure itself. */
function keep(name: string, bytes: Uint8Array, { attach }: Keeping): string | undefined {
  try {
    return attach?.(name, bytes)
  } catch {
    return undefined
  }
}

/** Masked before it is shortened: a cut could leave half of a secret. */
function linesOf(bytes: Uint8Array, redactor: Redactor): Pick<OutputTail, 'lines' | 'total'> {
  const total = bytes.reduce((count, byte) => (byte === 10 ? count + 1 : count), bytes.at(-1) === 10 ? 0 : 1)
  const isCut = bytes.length > LAST_BYTES
  const text = redactor.text(Buffer.from(bytes).subarray(-LAST_BYTES).toString('utf8'))
  const lines = text
    .replace(/\r*\n$/, '')
    .split('\n')
    .map(rewritten)
  const whole = isCut ? withoutStart(lines) : lines
  // A secret of several lines is one line once it is masked.
  return { lines: whole.slice(-LAST_LINES).map(shortened), total: isCut ? total : whole.length }
}

/** Programs overwrite their progress line: only its final text is shown. */
function rewritten(line: string): string {
  return line.includes('\r') ? (line.split('\r').findLast((one) => one !== '') ?? '') : line
}

/** The last bytes may begin in the middle of a line, and of a secret. */
function withoutStart([first = '', ...rest]: readonly string[]): readonly string[] {
  return rest.length > 0 ? rest : [first.slice(LAST_BYTES / 4)]
}

function shortened(line: string): string {
  return line.length <= LONGEST_LINE ? line : `…${line.slice(-LONGEST_LINE)}`
}
