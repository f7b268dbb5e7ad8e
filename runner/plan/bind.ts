/** Fills the values into the raw params of a step, driven by what the kind's schema says each piece is. */
import type { Command } from '../contracts/command.ts'
import type { Kinds } from '../contracts/kinds.ts'
import { markPlace, type Place, placeAt, placeOf } from '../contracts/source.ts'
import { shellScript } from './shell-text.ts'
import { asText, evaluateBare, evaluateFlag, located, type Names, substitute, ValueError } from './values.ts'
import { type AnySchema, itemSchema, memberSchema } from './walk.ts'

interface Binding {
  readonly names: Names
  readonly kinds: Kinds
}

/** A bound copy that keeps its places: commands become `Command`, nested steps stay as they are. Throws a located PlanError. */
export function bind(schema: AnySchema, plain: unknown, names: Names, kinds: Kinds): unknown {
  return bound(schema, plain, placeOf(plain), { names, kinds })
}

/** The same without a schema: every scalar is filled in. `at` is where a scalar stands, which knows no place itself. */
export function bindValue(plain: unknown, names: Names, at?: Place): unknown {
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
  if (is === 'steps') return plain
  if (is === 'command' && isCommand(plain)) return commandOf(plain, place, to)
  if (is === 'commands' && plain !== undefined) return commandsOf(plain, place, to)
  if (is === 'expression' && typeof plain === 'string') return expressionOf(plain, type, place, to)
  if (typeof plain === 'string') return located(() => substitute(plain, to.names), place)
  if (typeof plain !== 'object' || plain === null) return plain
  return Array.isArray(plain) ? listOf(schema, plain, place, to) : mappingOf(schema, plain, place, to)
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
  const copy = plain.map((item, index) => bound(itemSchema(schema), item, placeAt(place, index), to))
  return markPlace(copy, place)
}

function mappingOf(schema: AnySchema, plain: object, place: Place, to: Binding): object {
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(plain)) {
    const at = placeAt(place, key)
    const name = key.includes('${{') ? located(() => keyOf(key, copy, to.names), { ...at, key: true }) : key
    copy[name] = bound(memberSchema(schema, key, plain, to.kinds), item, at, to)
  }
  return markPlace(copy, place)
}

function keyOf(key: string, taken: object, names: Names): string {
  const name = asText(substitute(key, names))
  if (name === '__proto__') throw new ValueError('`__proto__` is no key', 0, key.length)
  if (Object.hasOwn(taken, name)) throw new ValueError(`the key "${name}" is there already`, 0, key.length)
  return name
}

/** A list is an argv: no shell sees it, and a value that is a list becomes several words. */
function commandOf(plain: unknown, place: Place, to: Binding): Command {
  if (typeof plain === 'string')
    return markPlace(
      located(() => shellScript(plain, to.names), place),
      place,
    )
  const words = Array.isArray(plain) ? plain : [plain]
  const argv = words.flatMap((word, index) => {
    const value = typeof word === 'string' ? located(() => substitute(word, to.names), placeAt(place, index)) : word
    return Array.isArray(value) ? value.map(asText) : [asText(value)]
  })
  return markPlace({ argv }, place)
}

/** A signal beside commands. */
function isMapping(plain: unknown): boolean {
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain)
}

/** One command or several: each item is a string or an argv list. */
function commandsOf(plain: unknown, place: Place, to: Binding): Command[] {
  const bindOne = (one: unknown, at: Place) => (isMapping(one) ? bound(undefined, one, at, to) : commandOf(one, at, to))
  if (!Array.isArray(plain)) return [bindOne(plain, place) as Command]
  return plain.map((one, index) => bindOne(one, placeOf(one) ?? placeAt(place, index)) as Command)
}
