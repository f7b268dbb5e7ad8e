/** What the probe `run` and the step `run` have in common. */

import { brief, lastLines } from '../../runner/base/brief.ts'
import { decodeText, knownText } from '../../runner/base/decode.ts'
import { type Incomplete, incomplete } from '../../runner/base/incomplete.ts'
import { readJson } from '../../runner/base/json.ts'
import type { Command } from '../../runner/contracts/command.ts'
import type { Output } from '../../runner/contracts/errors.ts'
import { writtenBy } from '../../runner/contracts/output.ts'
import { command, duration, oneOf, optional, service, shortOr, text, texts } from '../../runner/contracts/params.ts'
import type { Field, Reading } from '../../runner/contracts/probe.ts'
import type { Target } from '../../runner/contracts/target.ts'
import type { Cut, Exit } from '../../runner/contracts/transport.ts'
import { formatSize } from '../../runner/contracts/units.ts'

export const runParams = shortOr(
  {
    type: ['string', 'array'],
    'x-is': 'command',
    'x-words': 'run',
    items: { type: ['string', 'number', 'boolean'] },
    minItems: 1,
  },
  {
    command: command('the command: a text for the shell, or a list that no shell sees'),
    in: optional(service('run it inside this service')),
    shell: optional(text('another shell than `sh` for a text')),
    env: optional(texts('environment variables')),
    stdin: optional(text('what the command reads')),
    timeout: optional(duration('how long it may take; its whole process group is ended then')),
    effect: optional(
      oneOf(['reads', 'changes'] as const, 'what a command in a condition does to the target (default reads)'),
    ),
  },
  { description: 'a command, or a mapping with more' },
)

interface Detailed {
  readonly command: Command
  readonly in?: string
  readonly shell?: string
  readonly env?: Record<string, string>
  readonly stdin?: string
  readonly timeout?: string
}
export type RunParams = Command | Detailed

export const runFields: Readonly<Record<string, Field>> = {
  exit: { description: 'the exit code: 127 not found, 128 + N ended by signal N', type: 'number' },
  stdout: { description: 'what it wrote, without the last newline', type: 'text' },
  stderr: { description: 'what it wrote to stderr, without the last newline', type: 'text' },
  json: { description: 'its stdout as JSON; `$` paths look into it', type: 'any' },
  duration: { description: 'how long it took, in ms', type: 'number', least: 0 },
}

export function detailed(params: RunParams): Detailed {
  return 'command' in params ? params : { command: params }
}

/** The output of a command until its time was over. */
export interface Late {
  readonly late: Output
}

/** Runs the command. */
export async function runOnce(params: RunParams, target: Target, timeout: number | undefined): Promise<Reading | Late> {
  const { command: what, in: inside, shell, env, stdin } = detailed(params)
  const exit = await target.exec(what, {
    in: inside,
    shell,
    stdin,
    timeout,
    env,
  })
  const output = writtenBy(what, exit)
  return exit.timedOut ? { late: output } : { ...readingOf(exit), output }
}

function readingOf(exit: Exit): Reading {
  const [stdout, stderr] = [outputOf(exit, 'stdout'), outputOf(exit, 'stderr')]
  // A part of a document is not the document, whatever it looks like.
  const json = typeof stdout === 'string' ? readJson(stdout) : { document: incomplete(stdout.why) }
  return {
    fields: { exit: exit.code, stdout, stderr, json: json.document, duration: Math.round(exit.duration) },
    ...json,
    says: [
      `exit ${exit.code}`,
      ...[stderr, stdout].map((text) => brief(lastLines(knownText(text), 5))),
      ...cutWords(exit),
    ]
      .filter(Boolean)
      .join(': '),
  }
}

/** Output loses one trailing newline. Its end is unknown where it was cut. */
function outputOf(exit: Exit, stream: keyof Cut): string | Incomplete {
  const bytes = exit[stream]
  if (exit.cut[stream]) return decodeText(bytes, { cut: `cut at ${formatSize(bytes.length)}` })
  const text = decodeText(bytes)
  if (typeof text === 'string') return withoutNewline(text)
  return typeof text.part === 'string' ? incomplete(text.why, withoutNewline(text.part), text.missing) : text
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function cutWords({ cut }: Exit): string[] {
  const streams = (['stdout', 'stderr'] as const).filter((stream) => cut[stream])
  return streams.length === 0 ? [] : [`(${streams.join(' and ')} cut off: more was written than is kept)`]
}
