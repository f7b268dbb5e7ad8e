import type { Finding } from '../../contracts/errors.ts'
import { type Place, placeOfKey } from '../../contracts/source.ts'
import { type AnySchema, type Part, parts } from '../walk.ts'
import { checkCommand, checkCommands } from './commands.ts'
import { checkFlag, checkText } from './expressions.ts'
import { checkLiteralPath } from './literal-path.ts'
import type { Scope } from './scope.ts'

/** Every piece of raw params, by what it is. Nested steps are left to `nested`. */
export function checkPieces(
  schema: AnySchema,
  value: unknown,
  place: Place,
  scope: Scope,
  nested: (steps: unknown) => Finding[] = () => [],
): Finding[] {
  let done = ''
  return [...parts(schema, value, place, scope.kinds)].flatMap((part) => {
    const path = `${part.place.path.join('/')}/`
    if (done !== '' && path.startsWith(done)) return []
    const found = part.is === 'steps' ? nested(part.value) : checkPiece(part, scope)
    done = isWhole(part) ? path : ''
    return found
  })
}

/** Its parts were checked with it. */
function isWhole({ is, value }: Part): boolean {
  return (is === 'command' || is === 'commands') && Array.isArray(value)
}

function checkPiece({ is, value, place }: Part, scope: Scope): Finding[] {
  if (is === 'command') return checkCommand(value, place, scope)
  if (is === 'commands') return checkCommands(value, place, scope)
  if (is === 'expression') return checkFlag(value, place, scope)
  if (typeof value === 'string')
    return [...checkText(value, place, scope), ...(is === 'target-path' ? checkLiteralPath(value, place) : [])]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.keys(value).flatMap((key) => checkText(key, placeOfKey(place, key), scope))
}
