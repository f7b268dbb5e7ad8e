/** Scalars of YAML with the spelling of their source, and exact integers. */
import { type Document, isScalar, parseDocument, Scalar, visit } from 'yaml'
import { Spelled, setPlain, spelled } from '../base/spelling.ts'
import { markPlace, type Place, placeAt } from '../contracts/source.ts'

/** The tree of a parsed document: plain values, marked with their spelling and, given the place of the whole, with theirs. */
export function treeOf(yaml: Document, maxAliasCount: number, place?: Place): unknown {
  keepSpelling(yaml)
  return plain(yaml.toJS({ maxAliasCount }), place)
}

/** The tree of a YAML text that is no plan. Throws an Error that says what is wrong, in one line. */
export function parseTree(text: string): unknown {
  const yaml = parseDocument(text, { intAsBigInt: true, merge: true, prettyErrors: true, logLevel: 'silent' })
  const [wrong] = [...yaml.errors, ...yaml.warnings]
  if (wrong) throw new Error(wrong.message.split('\n')[0]?.replace(/:$/, ''))
  const tree = treeOf(yaml, 1_000)
  return tree instanceof Spelled ? tree.value : tree
}

/** Values are wrapped with their source, and keys are text: `007: a` has the key "007". */
function keepSpelling(yaml: Document): void {
  visit(yaml, {
    Scalar: (key, node) => {
      if (node.type !== Scalar.PLAIN || node.source === undefined || !isTyped(node.value)) return
      node.value = key === 'key' ? node.source : spelled(exact(node.value), node.source)
    },
    Pair: (_, { key }) => {
      if (isScalar(key) && key.value === null && key.source) key.value = key.source
    },
  })
}

function isTyped(value: unknown): value is number | bigint | boolean {
  return ['number', 'bigint', 'boolean'].includes(typeof value)
}

/** Integers within 2^53 are numbers, those beyond are BigInt. */
function exact<T>(value: T): T | number {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function plain(value: unknown, place: Place | undefined): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Spelled) return exact(value)
  const copy = Array.isArray(value) ? [] : {}
  for (const [key, item] of Object.entries(value))
    setPlain(copy, key, plain(item, place && placeAt(place, Array.isArray(value) ? Number(key) : key)))
  return place ? markPlace(copy, place) : copy
}
