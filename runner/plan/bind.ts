/** Fills the values into the raw params of a step, driven by what the kind's schema says each piece is. */
import { Spelled, setSpelled, spelledEntries, unspelled } from '../base/spelling.ts'
import type { Command } from '../contracts/command.ts'
import type { Kinds } from '../contracts/kinds.ts'
import { markPlace, type Place, placeAt, placeOf } from '../contracts/source.ts'
import { textIn, wantsText } from './bind-text.ts'
import { shellScript } from './shell-text.ts'
import { asText, evaluateBare, evaluateFlag, located, type Names, substituteSpelled, ValueError } from './values.ts'
import { type AnySchema, itemSchema, memberSchema } from './walk.ts'

interface Binding {
  readonly names: Names
  readonly kinds: Kinds
}

/**
 * A bound copy that keeps its places: commands become `Command`, scalars become text where the schema wants text, nested
 * steps stay as they are. `at` is where a scalar stands, which knows no place itself. Throws a located PlanError.
 */
export function bind(schema: AnySchema, plain: unknown, names: Names, kinds: Kinds, at?: Place): unknown {
  return unspelled(bound(schema, plain, at, { names, kinds }))
}

/** The same without a schema: every scalar is filled in. `at` is where a scalar stands, which knows no place itself. */
export function bindValue(plain: unknown, names: Names, at?: Place): unknown {
  return unspelled(bindSpelled(plain, names, at))
}

/** The same for a value that gets a name: a scalar that is spelled unusually stays a `Spelled`. */
export function bindSpelled(plain: unknown, names: Names, at?: Place): unknown {
  return bound(undefined, plain, at, { names, kinds: NONE })
}

const NONE: Kinds = {
  steps: new Map(),
  probes: new Map(),
  faults: new Map(),
  reporters: new Map(),
  runtimes: new Map(),
}
const NOWHERE: Place = { file: '', path: [] }

function bound(schema: AnySchema, plain: unknown, at: Place | undefined, to: Binding): unknown {
  const { 'x-is': is, type } = (schema ?? {}) as { 'x-is'?: string; type?: unknown }
  const place = placeOf(plain) ?? at ?? NOWHERE
  if (is === 'steps' || plain === undefined) return plain
  if (is === 'command' && isCommand(plain)) return commandOf(plain, place, to)
  if (is === 'commands') return commandsOf(plain, place, to)
  if (is === 'expression' && typeof plain === 'string') return expressionOf(plain, type, place, to)
  if (Array.isArray(plain)) return listOf(schema, plain, place, to)
  if (isMapping(plain)) return mappingOf(schema, plain, place, to)
  const value = typeof plain === 'string' ? located(() => substituteSpelled(plain, to.names), place) : plain
  return wantsText(schema) ? located(() => textIn(schema, value, plain), place) : value
}

/** A scalar that is wrapped for its spelling is not a mapping. */
function isMapping(plain: unknown): plain is object {
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain) && !(plain instanceof Spelled)
}

/** A mapping holds its command under a key of its own. */
function isCommand(plain: unknown): boolean {
  return typeof plain === 'string' || Array.isArray(plain)
}

/** CEL with or without `${{ }}`; a flag must be boolean. */
function expressionOf(plain: string, type: unknown, place: Place, { names }: Binding): unknown {
  const isFlag = [type].flat().includes('boolean')
  return isFlag ? evaluateFlag(plain, names, place) : located(() => evaluateBare(plain, names), place)
}

function listOf(schema: AnySchema, plain: readonly unknown[], place: Place, to: Binding): unknown[] {
  const copy: unknown[] = []
  for (const [index, item] of spelledEntries(plain))
    setSpelled(copy, index, bound(itemSchema(schema), item, placeAt(place, Number(index)), to))
  return markPlace(copy, place)
}

function mappingOf(schema: AnySchema, plain: object, place: Place, to: Binding): object {
  const copy: Record<string, unknown> = {}
  for (const [key, item] of spelledEntries(plain)) {
    const at = placeAt(place, key)
    const name = key.includes('${{') ? located(() => keyOf(key, copy, to.names), { ...at, key: true }) : key
    setSpelled(copy, name, bound(memberSchema(schema, key, plain, to.kinds), item, at, to))
  }
  return markPlace(copy, place)
}

function keyOf(key: string, taken: object, names: Names): string {
  const name = textIn(KEY, substituteSpelled(key, names), key)
  if (typeof name !== 'string') throw new ValueError('a list or mapping is no key', 0, key.length)
  if (name === '__proto__') throw new ValueError('`__proto__` is no key', 0, key.length)
  if (Object.hasOwn(taken, name)) throw new ValueError(`the key "${name}" is there already`, 0, key.length)
  return name
}

const KEY = { type: 'string', 'x-is': 'text' } as const

/** A list is an argv: no shell sees it, and a value that is a list becomes several words. */
function commandOf(plain: unknown, place: Place, to: Binding): Command {
  if (typeof plain === 'string')
    return markPlace(
      located(() => shellScript(plain, to.names), place),
      place,
    )
  const argv = spelledEntries(Array.isArray(plain) ? plain : [plain]).flatMap(([index, word]) =>
    located(() => wordsOf(word, to.names), placeAt(place, Number(index))),
  )
  return markPlace({ argv }, place)
}

function wordsOf(word: unknown, names: Names): string[] {
  const value = typeof word === 'string' ? substituteSpelled(word, names) : word
  const words = Array.isArray(value) ? spelledEntries(value).map(([, item]) => item) : [value]
  return words.map((one) => asText(textIn(KEY, one, word)))
}

/** One command or several: each item is a string or an argv list. */
function commandsOf(plain: unknown, place: Place, to: Binding): Command[] {
  const bindOne = (one: unknown, at: Place) => (isMapping(one) ? bound(undefined, one, at, to) : commandOf(one, at, to))
  if (!Array.isArray(plain)) return [bindOne(plain, place) as Command]
  return plain.map((one, index) => bindOne(one, placeOf(one) ?? placeAt(place, index)) as Command)
}
