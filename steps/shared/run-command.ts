/** What the probe `run` and the step `run` have in common. */

import { brief, lastLines } from '../../runner/base/brief.ts'
import { parseJson } from '../../runner/base/json.ts'
import type { Command } from '../../runner/contracts/command.ts'
import { command, duration, oneOf, optional, service, shortOr, Type, text } from '../../runner/contracts/params.ts'
import type { Field, Reading } from '../../runner/contracts/probe.ts'
import type { Target } from '../../runner/contracts/target.ts'
import type { Exit } from '../../runner/contracts/transport.ts'

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
    env: optional(
      Type.Unsafe<Record<string, string | number | boolean>>({
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'environment variables',
      }),
    ),
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
  readonly env?: Record<string, string | number | boolean>
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

/** Runs the command; undefined when it did not end in time. */
export async function runOnce(
  params: RunParams,
  target: Target,
  timeout: number | undefined,
): Promise<Reading | undefined> {
  const { command: what, in: inside, shell, env, stdin } = detailed(params)
  const exit = await target.exec(what, {
    in: inside,
    shell,
    stdin,
    timeout,
    env: env && Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
  })
  return exit.timedOut ? undefined : readingOf(exit)
}

function readingOf(exit: Exit): Reading {
  const [stdout, stderr] = [textOf(exit.stdout), textOf(exit.stderr)]
  const document = parseJson(stdout)
  return {
    fields: { exit: exit.code, stdout, stderr, json: document, duration: Math.round(exit.duration) },
    document,
    says: [`exit ${exit.code}`, brief(lastLines(stderr, 5)), brief(lastLines(stdout, 5)), exit.truncated ? CUT : '']
      .filter(Boolean)
      .join(': '),
  }
}

const CUT = '(cut off: it wrote more than is kept)'

/** Output loses one trailing newline. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
