import { Spelled, spelledEntries } from '../base/spelling.ts'
import { TargetError } from '../contracts/errors.ts'

/** Environment variables of targets.yaml, each in its spelling. Throws a TargetError for a value that is not one text. */
export function environmentTexts(environment: object): Record<string, string> {
  return Object.fromEntries(spelledEntries(environment).map(([name, value]) => [name, textOf(name, value)]))
}

function textOf(name: string, value: unknown): string {
  const isScalar = value instanceof Spelled || (typeof value !== 'object' && value !== undefined)
  const text = isScalar ? String(value) : undefined
  if (text === undefined) {
    const what = Array.isArray(value) ? 'a list' : value === null || value === undefined ? 'null' : 'a mapping'
    throw new TargetError(`the environment variable ${name} is ${what}, and text is wanted: write "" for an empty one`)
  }
  if (text.includes('\0'))
    throw new TargetError(`the environment variable ${name} holds a NUL character, which cannot stand there`)
  return text
}
