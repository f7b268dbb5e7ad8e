import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Redactor } from '../base/redact/redactor.ts'
import { messageOf, PlanError } from '../contracts/errors.ts'
import type { Plan, Secret } from '../contracts/plan.ts'
import { placeOf } from '../contracts/source.ts'
import { learnSecret } from './learn.ts'

const COMMAND_LIMIT = 30_000

/** Reads the secrets of a plan and teaches the redactor each of them. Throws a PlanError for one that can't be had. */
export async function readSecrets(
  plan: Plan,
  redactor: Redactor,
  warn: (message: string) => void,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const [name, source] of Object.entries(plan.secrets)) {
    const value = await readSecret(plan, name, source)
    values[name] = value
    learnSecret(name, value, redactor, warn)
  }
  return values
}

async function readSecret(plan: Plan, name: string, source: Secret): Promise<string> {
  const folder = dirname(resolve(plan.document.file))
  const refuse = (why: string, hint: string) =>
    new PlanError([
      {
        code: 'secret',
        message: `secret "${name}" can't be had: ${why}`,
        hint,
        level: 'error',
        place: {
          file: plan.document.file,
          path: [...(placeOf(source)?.path ?? [...plan.place.path, 'secrets', name])],
        },
      },
    ])
  if ('env' in source) {
    const value = process.env[source.env]
    if (value === undefined) throw refuse(`the environment has no ${source.env}`, `set it: export ${source.env}=…`)
    return value
  }
  try {
    return 'file' in source
      ? withoutNewline(readFileSync(resolve(folder, source.file), 'utf8'))
      : await outputOf(source.command, folder)
  } catch (error) {
    throw refuse(
      messageOf(error),
      'file' in source ? 'paths are relative to the plan' : 'run the command by hand: its output is not shown here',
    )
  }
}

async function outputOf(command: string | readonly string[], cwd: string): Promise<string> {
  const { execa } = await import('execa')
  const [file, ...words] = typeof command === 'string' ? ['sh', '-c', command] : command
  const ended = await execa(file ?? '', words, { cwd, timeout: COMMAND_LIMIT, stdin: 'ignore', reject: false })
  if (!ended.failed) return ended.stdout
  // Never with its output, which may hold the secret.
  if (ended.timedOut) throw new Error(`its command did not end within ${COMMAND_LIMIT / 1_000} s`)
  if (ended.exitCode !== undefined) throw new Error(`its command ends with exit code ${ended.exitCode}`)
  throw new Error(
    ended.signal ? `its command was ended by ${ended.signal}` : `its command could not be run: ${ended.code}`,
  )
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}
