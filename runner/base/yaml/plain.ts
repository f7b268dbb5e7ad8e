/** A document that was found to be in order → plain values. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { Spelled, setSpelled, spelled, spelledAt } from '../spelling.ts'
import { isMerge, keyOf, mergedOf } from './nodes.ts'

type Path = readonly (string | number)[]

/** Told of each mapping and list that was made, with where it is. */
type Made = <T extends object>(value: T, path: Path) => T

/**
 * Plain JSON values, aliases and `<<` written out, marked with their spelling. Integers beyond 2^53 are BigInt, all
 * others numbers. The document has no tags.
 */
export function plainOf({ contents }: Document, made: Made = (value) => value): unknown {
  const value = valueAt(contents, [], { made, anchors: new Map() })
  return value instanceof Spelled ? value.value : value
}

interface Making {
  readonly made: Made
  readonly anchors: Map<string, Node>
}

function valueAt(node: unknown, path: Path, by: Making): unknown {
  if (isAlias(node)) return valueAt(by.anchors.get(node.source), path, by)
  if (isNode(node) && node.anchor) by.anchors.set(node.anchor, node)
  if (isMap(node)) return by.made(mappingOf(node, path, by), path)
  if (isSeq(node)) return by.made(listOf(node, path, by), path)
  return isScalar(node) ? scalarOf(node) : null
}

function listOf(node: YAMLSeq, path: Path, by: Making): unknown[] {
  const list: unknown[] = []
  for (const [index, item] of node.items.entries()) setSpelled(list, index, valueAt(item, [...path, index], by))
  return list
}

/** Own keys win over those of a `<<`, wherever it is written. */
function mappingOf(node: YAMLMap, path: Path, by: Making): Record<string, unknown> {
  const mapping: Record<string, unknown> = {}
  const merged: YAMLMap[] = []
  for (const pair of node.items) {
    if (!isMerge(pair)) setSpelled(mapping, keyOf(pair), valueAt(pair.value, [...path, keyOf(pair)], by))
    else {
      // Anchors inside of a merged mapping count, too.
      if (!isAlias(pair.value)) valueAt(pair.value, path, { ...by, made: (value) => value })
      merged.push(...(mergedOf(pair.value, by.anchors) ?? []))
    }
  }
  for (const one of merged) {
    const brought = mappingOf(one, path, by)
    for (const key of Object.keys(brought))
      if (!Object.hasOwn(mapping, key)) setSpelled(mapping, key, spelledAt(brought, key))
  }
  return mapping
}

function scalarOf({ value, type, source }: Scalar): unknown {
  const exact = typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
  return type === 'PLAIN' && source !== undefined && typeof exact !== 'string' ? spelled(exact as null, source) : exact
}
