import { Chalk } from 'chalk'
import { type Finding, isError, type Located, messageOf } from '../contracts/errors.ts'
import type { Frame } from '../contracts/source.ts'
import { frameLines } from '../report/frame-text.ts'
import { plainTone } from '../report/tone.ts'
import { type ColorLevel, colorLevel } from './color.ts'
import { sayError } from './say.ts'

/** Prints what is wrong, where, and what to do next. A stack trace only for a bug of ours. */
export function printError(error: unknown): void {
  const level = colorLevel(undefined, process.stderr)
  const paint = new Chalk({ level })
  if (isError(error, 'plan')) {
    sayError(`${error.findings.map((finding) => findingText(finding, level)).join('\n\n')}\n`)
    sayError(`${paint.red(countText(error.findings))}; nothing was run`)
    return
  }
  const hint =
    (isError(error, 'usage') || isError(error, 'busy')) && error.hint ? `\n${paint.dim('→')} ${error.hint}` : ''
  sayError(`${paint.red('error:')} ${messageOf(error)}${hint}`)
  const ours =
    isError(error, 'usage') || isError(error, 'target') || isError(error, 'restore') || isError(error, 'busy')
  if (!ours && error instanceof Error) sayError(paint.dim(`this is a bug of ours\n${error.stack ?? ''}`))
}

/** One finding with its line and a caret. */
export function findingText(finding: Finding | Located, level: ColorLevel): string {
  const paint = new Chalk({ level })
  const frame = 'frame' in finding ? finding.frame : undefined
  const where = frame ? `${frame.file}:${frame.line}:${frame.column}` : finding.place.file
  const tone = finding.level === 'error' ? paint.red : paint.yellow
  const word = finding.level === 'warning' ? `${tone('warning:')} ` : ''
  const lines = [`${paint.bold(where)}: ${word}${finding.message}`]
  if (frame) lines.push(...frameText(frame, tone))
  if (finding.hint) lines.push(`  ${paint.dim('→')} ${finding.hint}`)
  return lines.join('\n')
}

/** Columns of a line; of a longer one those around the caret are shown. */
const WIDTH = 200

function frameText(frame: Frame, bad: (text: string) => string): string[] {
  return frameLines(frame, { ...plainTone, bad }, WIDTH).map((line) => `  ${line}`)
}

function countText(findings: readonly Finding[]): string {
  const errors = findings.filter(({ level }) => level === 'error').length
  return errors === 1 ? '1 error' : `${errors} errors`
}
