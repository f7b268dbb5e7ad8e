/** What the person running a plan supplies: `--input`, the environment, or the default. */
import { readFileSync } from 'node:fs'
import { exactJson } from '../base/exact-json.ts'
import { setSpelled, spelled, spelledAt, spelledEntries, unspelled } from '../base/spelling.ts'
import { type Finding, UsageError } from '../contracts/errors.ts'
import type { Input, Plan } from '../contracts/plan.ts'
import { placeAt } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { parseDuration, parseSize } from '../contracts/units.ts'
import { parseTree } from './scalars.ts'
import { wrong } from './schema-errors.ts'

/** `name=value` and `@file` as the command line has them; a later one wins. Throws a UsageError for what is neither. */
export function givenInputs(said: readonly string[]): ReadonlyMap<string, unknown> {
  return new Map(said.flatMap((text) => (text.startsWith('@') ? fromFile(text.slice(1)) : [pair(text)])))
}

function pair(text: string): readonly [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--input ${text}: write NAME=VALUE`, 'or @FILE for a YAML file of several')
  return [text.slice(0, at), text.slice(at + 1)]
}

function fromFile(file: string): readonly (readonly [string, unknown])[] {
  const values = parsed(file)
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) return spelledEntries(values)
  throw new UsageError(`--input @${file}: this is no mapping`, 'write a line NAME: VALUE for each input')
}

function parsed(file: string): unknown {
  try {
    return parseTree(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)))
  } catch (error) {
    throw new UsageError(`--input @${file}: ${whyUnread(error as NodeJS.ErrnoException)}`)
  }
}

function whyUnread({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : (message.split('\n')[0] ?? '')
}

/** Typed values for one plan, and what is wrong with them, at the input's declaration. */
export function inputsOf(
  plan: Plan,
  given: ReadonlyMap<string, unknown>,
): { values: Record<string, unknown>; findings: Finding[] } {
  const values: Record<string, unknown> = {}
  const findings = Object.entries(plan.inputs).flatMap(([name, input]) => {
    const said = given.get(name) ?? process.env[`SHAKEDOWN_INPUT_${name.toUpperCase()}`] ?? spelledAt(input, 'default')
    const problem = said === undefined || said === null ? missing(name, input) : inputProblem(name, said, input)
    if (problem === undefined && said !== undefined && said !== null) setSpelled(values, name, typed(said, input))
    const place = { ...placeAt(plan.place, 'inputs', name), key: true }
    return problem === undefined ? [] : [wrong(place, problem.code, problem.message, problem.hint)]
  })
  return { values, findings }
}

interface Problem {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

function missing(name: string, input: Input): Problem | undefined {
  if (input.required === false) return undefined
  const about = input.description ? ` (${input.description})` : ''
  return { code: 'missing-input', message: `input "${name}" is missing`, hint: `add --input ${name}=…${about}` }
}

/** Why a value can't be that of an input. */
export function inputProblem(name: string, said: unknown, input: Input): Problem | undefined {
  const value = typed(said, input)
  if (value === undefined) {
    const type = typeOf(input)
    const message = `input "${name}" is ${exactJson(unspelled(said))}, and a ${type} is expected`
    return { code: 'wrong-input', message, hint: hintOf(unspelled(said), type) ?? input.description }
  }
  if (input['one-of'] === undefined) return undefined
  const words = spelledEntries(input['one-of']).map(([, word]) => typed(word, input) ?? word)
  if (words.some((word) => Bun.deepEquals(unspelled(word), unspelled(value)))) return undefined
  const hint = didYouMean(String(value), words.map(String))
  return { code: 'wrong-input', message: `input "${name}" is ${exactJson(unspelled(value))}; ${hint}` }
}

function hintOf(said: unknown, type: string): string | undefined {
  const isNumber = said !== '' && typeof said !== 'boolean' && Number.isFinite(Number(said))
  if (type === 'duration' && isNumber) return `did you mean ${said}s?`
  if (type === 'size' && isNumber) return `did you mean ${said}MiB?`
  if (type === 'boolean') return 'write true or false'
  return type === 'text' ? 'put it in quotes' : undefined
}

/** Inputs that no plan declares are a slip. */
export function refuseUnknownInputs(plans: readonly Plan[], given: ReadonlyMap<string, unknown>): void {
  const names = new Set(plans.flatMap((plan) => Object.keys(plan.inputs)))
  for (const name of given.keys()) {
    if (names.has(name)) continue
    const hint = names.size === 0 ? 'there are none' : didYouMean(name, names)
    throw new UsageError(`--input ${name}: no plan has such an input; ${hint}`)
  }
}

/** The value as its type says, in its spelling; undefined when it can't be that. */
export function typed(said: unknown, input: Input): unknown {
  const type = typeOf(input)
  // `default: 3.10` of a text is the text "3.10".
  const isText = type === 'text' && typeof said !== 'string' && isScalar(unspelled(said))
  const value = isText ? String(said) : said
  if (typeof value !== 'string') return isTyped(unspelled(value), type) ? value : undefined
  switch (type) {
    case 'number':
      return numberOf(value.trim())
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : undefined
    case 'list':
      return value === '' ? [] : value.split(',').map((item) => item.trim())
    case 'duration':
      return parseDuration(value) === undefined ? undefined : value
    case 'size':
      return parseSize(value) === undefined ? undefined : value
    default:
      return value
  }
}

/** With every digit of an integer, and as it was given. */
function numberOf(text: string): unknown {
  if (text === '' || !Number.isFinite(Number(text))) return undefined
  const isLarge = /^[+-]?\d+$/.test(text) && !Number.isSafeInteger(Number(text))
  return spelled(isLarge ? BigInt(text) : Number(text), text)
}

function isScalar(value: unknown): boolean {
  return ['number', 'bigint', 'boolean'].includes(typeof value)
}

/** Without a `type`, that of the default. */
function typeOf({ type, default: usual }: Input): string {
  if (type !== undefined) return type
  if (Array.isArray(usual)) return 'list'
  if (typeof usual === 'bigint') return 'number'
  return typeof usual === 'number' || typeof usual === 'boolean' ? typeof usual : 'text'
}

function isTyped(value: unknown, type: string): boolean {
  if (type === 'list') return Array.isArray(value)
  if (type === 'number' && typeof value === 'bigint') return true
  return (type === 'number' || type === 'boolean') && typeof value === type
}
