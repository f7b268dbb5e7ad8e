/** The values of one axis: a list, or `{from: FILE, where}`. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exactJson } from '../../base/exact-json.ts'
import { spelledAt, spelledEntries, spelledList } from '../../base/spelling.ts'
import { type Finding, isError } from '../../contracts/errors.ts'
import { type Place, placeAt, placeOfKey } from '../../contracts/source.ts'
import { didYouMean } from '../../contracts/suggest.ts'
import { parseTree } from '../scalars.ts'
import { wrong } from '../schema-errors.ts'
import { evaluateFlag } from '../values.ts'

/** What is wrong is added to `findings`. */
export function axisValues(said: unknown, place: Place, findings: Finding[]): readonly unknown[] {
  const values = Array.isArray(said) ? said : fromFile(said, place, findings)
  if (values === undefined) return []
  if (values.length === 0)
    findings.push(
      wrong({ ...place, key: true }, 'bad-axis', 'an axis without values: nothing would run', 'write [a, b]'),
    )
  const all = values.map((_, index) => spelledAt(values, index))
  for (const [index, value] of all.entries()) {
    if (!all.slice(0, index).some((other) => Bun.deepEquals(other, value))) continue
    const at = Array.isArray(said) ? placeAt(place, index) : placeAt(place, 'from')
    findings.push(wrong(at, 'bad-axis', `${exactJson(value)} is there twice`, 'keep one of them'))
  }
  return values
}

function fromFile(said: unknown, place: Place, findings: Finding[]): readonly unknown[] | undefined {
  const { from, where, ...others } = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>
  if (typeof from !== 'string') {
    findings.push(wrong(place, 'bad-axis', 'an axis needs a list of values', 'write [a, b], or {from: FILE}'))
    return undefined
  }
  for (const key of Object.keys(others))
    findings.push(
      wrong(placeOfKey(place, key), 'unknown-key', `unknown key "${key}"; ${didYouMean(key, ['from', 'where'])}`),
    )
  try {
    const list = read(join(dirname(place.file), from))
    const items = spelledEntries(list).map(([, item]) => item)
    return spelledList(
      items.filter((item) => where === undefined || evaluateFlag(where, { item }, placeAt(place, 'where'))),
    )
  } catch (error) {
    if (isError(error, 'plan')) findings.push(...(error.findings as Finding[]))
    else
      findings.push(
        wrong(
          placeAt(place, 'from'),
          'bad-axis',
          `${from} ${(error as Error).message}`,
          'paths are relative to the plan',
        ),
      )
    return undefined
  }
}

function read(file: string): readonly unknown[] {
  const list: unknown = parsed(readText(file))
  if (Array.isArray(list)) return list
  throw new Error('holds no list: an axis needs one')
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new Error('is not UTF-8 text')
    throw new Error(code === 'ENOENT' ? 'is not there' : `can't be read: ${code}`)
  }
}

function parsed(text: string): unknown {
  try {
    return parseTree(text)
  } catch (error) {
    throw new Error(`is not YAML: ${(error as Error).message}`)
  }
}
