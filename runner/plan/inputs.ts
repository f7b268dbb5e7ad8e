/** What the person running a plan supplies: `--input`, the environment, or the default. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { type Finding, UsageError } from '../contracts/errors.ts'
import type { Input, Plan } from '../contracts/plan.ts'
import { placeAt } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { parseDuration, parseSize } from '../contracts/units.ts'
import { wrong } from './schema-errors.ts'

/** `name=value` and `@file` as the command line has them. Throws a UsageError for what is neither. */
export function givenInputs(said: readonly string[]): Record<string, unknown> {
  return Object.assign({}, ...said.map((text) => (text.startsWith('@') ? fromFile(text.slice(1)) : pair(text))))
}

function pair(text: string): Record<string, unknown> {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--input ${text}: write NAME=VALUE`, 'or @FILE for a YAML file of several')
  return { [text.slice(0, at)]: text.slice(at + 1) }
}

function fromFile(file: string): Record<string, unknown> {
  try {
    return parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch (error) {
    throw new UsageError(`--input @${file}: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** Typed values for one plan, and what is wrong with them. */
export function inputsOf(
  plan: Plan,
  given: Readonly<Record<string, unknown>>,
): { values: Record<string, unknown>; findings: Finding[] } {
  const values: Record<string, unknown> = {}
  const findings = Object.entries(plan.inputs).flatMap(([name, input]) => {
    const said = given[name] ?? process.env[`SHAKEDOWN_INPUT_${name.toUpperCase()}`] ?? input.default
    const wrongWords = said === undefined ? missing(name, input) : wrongInput(name, said, input)
    if (said !== undefined && wrongWords === undefined) values[name] = typed(said, input)
    return wrongWords === undefined
      ? []
      : [
          wrong(
            { ...placeAt(plan.place, 'inputs', name), key: true },
            wrongWords.code,
            wrongWords.message,
            wrongWords.hint,
          ),
        ]
  })
  return { values, findings }
}

interface Wrong {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

function missing(name: string, input: Input): Wrong | undefined {
  if (input.required === false) return undefined
  const about = input.description ? ` (${input.description})` : ''
  return { code: 'missing-input', message: `input "${name}" is missing`, hint: `add --input ${name}=…${about}` }
}

function wrongInput(name: string, said: unknown, input: Input): Wrong | undefined {
  const value = typed(said, input)
  if (value === undefined)
    return {
      code: 'wrong-input',
      message: `input "${name}" is ${JSON.stringify(said)}, and a ${input.type ?? 'text'} is expected`,
      hint: input.description,
    }
  const words = input['one-of']
  if (words === undefined || words.includes(value)) return undefined
  return { code: 'wrong-input', message: `input "${name}" is ${JSON.stringify(value)}; valid: ${words.join(', ')}` }
}

/** Inputs that no plan declares are a slip. */
export function refuseUnknownInputs(plans: readonly Plan[], given: Readonly<Record<string, unknown>>): void {
  const names = new Set(plans.flatMap((plan) => Object.keys(plan.inputs)))
  for (const name of Object.keys(given)) {
    if (names.has(name)) continue
    throw new UsageError(
      `--input ${name}: no plan has such an input; ${names.size === 0 ? 'there are none' : didYouMean(name, names)}`,
    )
  }
}

/** The value as its type says; undefined when it can't be that. */
function typed(value: unknown, { type = 'text' }: Input): unknown {
  if (typeof value !== 'string') return matches(value, type) ? value : undefined
  if (type === 'number') return value.trim() === '' || Number.isNaN(Number(value)) ? undefined : Number(value)
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined
  if (type === 'list') return value.split(',').map((item) => item.trim())
  if (type === 'duration') return parseDuration(value) === undefined ? undefined : value
  if (type === 'size') return parseSize(value) === undefined ? undefined : value
  return value
}

function matches(value: unknown, type: string): boolean {
  if (type === 'list') return Array.isArray(value)
  return typeof value === (type === 'text' ? 'string' : type)
}
