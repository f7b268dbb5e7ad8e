import type { Finding } from '../contracts/errors.ts'
import { type Place, placeOfKey } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { isMapping, type Matchers, wrong } from './matcher.ts'
import { typeOf } from './shown.ts'

const TYPES = ['text', 'string', 'number', 'integer', 'boolean', 'list', 'array', 'mapping', 'object', 'null']
const SYNONYMS: Readonly<Record<string, string>> = { string: 'text', array: 'list', object: 'mapping' }

export const shape: Matchers = {
  not: {
    description: 'does not meet this matcher; absent fails it, too',
    schema: { $ref: '#/definitions/matcher' },
    test: (want, actual, how, inner) => !inner.meets(want, actual, how),
    says: (want, inner) => `not ${inner.says(want)}`,
    check: (want, place, inner) => {
      if (isMapping(want) && 'absent' in want)
        return [
          wrong(
            placeOfKey(place, 'absent'),
            'bad-matcher',
            '`not` of `absent` is hard to read',
            'write `absent: true` or `absent: false`',
          ),
        ]
      return inner.check(want, place)
    },
  },
  type: {
    description: 'text, number, integer, boolean, list, mapping or null',
    schema: { enum: TYPES },
    test: (want, actual) => {
      if (want === 'integer') return typeof actual === 'bigint' || Number.isInteger(actual)
      return typeOf(actual) === (SYNONYMS[String(want)] ?? want)
    },
    says: (want) => `a value of type ${want}`,
    check: (want, place) =>
      TYPES.includes(String(want))
        ? []
        : [wrong(place, 'bad-matcher', `there is no type "${want}"; ${didYouMean(String(want), TYPES)}`)],
    note: (_want, actual) => `a ${typeOf(actual)}`,
  },
  schema: {
    description: 'valid by this JSON Schema',
    schema: { type: 'object', minProperties: 1 },
    test: (want, actual) => validator(want)(actual) === undefined,
    says: () => 'a value that its schema allows',
    check: checkSchema,
    note: (want, actual) => validator(want)(actual),
  },
}

type Validator = (value: unknown) => string | undefined
const validators = new Map<string, Validator>()

/** Tells what is wrong with a value by a JSON Schema. ajv is loaded with the first one. */
function validator(schema: unknown): Validator {
  const key = JSON.stringify(schema)
  const known = validators.get(key)
  if (known) return known
  const { default: Ajv } = require('ajv') as typeof import('ajv')
  const validate = new Ajv({ strict: false, logger: false }).compile(schema as object)
  const made: Validator = (value) => {
    if (validate(value)) return undefined
    const [first] = validate.errors ?? []
    return `${first?.instancePath || 'it'} ${first?.message ?? 'is not valid'}`
  }
  validators.set(key, made)
  return made
}

function checkSchema(want: unknown, place: Place): Finding[] {
  if (!isMapping(want) || Object.keys(want).length === 0)
    return [wrong(place, 'vacuous', 'an empty schema allows everything', 'give a JSON Schema, as a mapping')]
  if (JSON.stringify(want).includes('${{')) return []
  try {
    validator(want)
    return []
  } catch (error) {
    return [wrong(place, 'bad-schema', `no JSON Schema: ${(error as Error).message}`)]
  }
}
