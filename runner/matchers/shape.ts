import { placeOfKey } from '../contracts/source.ts'
import { didYouMean } from '../contracts/suggest.ts'
import { not, untaken } from './answer.ts'
import { isMapping, type Matchers, wrong } from './matcher.ts'
import { checkSchema, schemaAnswer, schemaNote } from './schema.ts'
import { typeOf } from './shown.ts'

const TYPES = ['text', 'string', 'number', 'integer', 'boolean', 'list', 'array', 'mapping', 'object', 'null']
const SYNONYMS: Readonly<Record<string, string>> = { string: 'text', array: 'list', object: 'mapping' }

export const shape: Matchers = {
  not: {
    description: 'does not meet this matcher; fails where that matcher does not apply, such as on an absent value',
    schema: { $ref: '#/definitions/matcher' },
    test: (want, actual, how, inner) => not(inner.judge(want, actual, how)),
    testPart: (want, actual, how, inner) => not(inner.judge(want, actual, how)),
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
    test: hasType,
    testPart: (want, actual) => (actual.part === undefined ? untaken(actual.why) : hasType(want, actual.part)),
    says: (want) => `a value of type ${want}`,
    check: (want, place) =>
      TYPES.includes(String(want))
        ? []
        : [wrong(place, 'bad-matcher', `there is no type "${want}"; ${didYouMean(String(want), TYPES)}`)],
    note: (_want, actual) => `a ${typeOf(actual)}`,
  },
  schema: {
    description: 'valid by this JSON Schema: draft-07 or 2020-12',
    schema: { type: 'object', minProperties: 1 },
    test: schemaAnswer,
    says: () => 'a value that its schema allows',
    check: checkSchema,
    note: schemaNote,
  },
}

function hasType(want: unknown, actual: unknown): boolean {
  if (want === 'integer') return typeof actual === 'bigint' || Number.isInteger(actual)
  return typeOf(actual) === (SYNONYMS[String(want)] ?? want)
}
