import type { Finding } from '../../contracts/errors.ts'
import { type Place, placeAt, placeOf } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'
import { checkShellText } from '../shell-text.ts'
import { ValueError } from '../values.ts'
import { checkText, usesSecret } from './expressions.ts'
import type { Scope } from './scope.ts'

/** An argv can be seen by everybody on the machine; in a text each value becomes a variable that travels over stdin. */
export function checkCommand(command: unknown, place: Place, scope: Scope): Finding[] {
  if (typeof command === 'string') return checkScript(command, place, scope)
  if (typeof command === 'object' && command !== null && !Array.isArray(command))
    return Object.entries(command).flatMap(([key, value]) =>
      typeof value === 'string' ? checkText(value, placeAt(place, key), scope) : [],
    )
  if (!Array.isArray(command)) return []
  const at = placeOf(command) ?? place
  return command.flatMap((word, index) => checkWord(word, placeAt(at, index), scope))
}

/** One command or several, each a text or an argv. */
export function checkCommands(commands: unknown, place: Place, scope: Scope): Finding[] {
  if (!Array.isArray(commands)) return checkCommand(commands, place, scope)
  const at = placeOf(commands) ?? place
  return commands.flatMap((one, index) => checkCommand(one, placeAt(at, index), scope))
}

function checkScript(text: string, place: Place, scope: Scope): Finding[] {
  const bad = misplaced(text)
  if (!bad) return checkText(text, place, scope)
  const hint = 'put it outside of the quotes, or within double quotes'
  return [wrong({ ...place, span: [bad.start, bad.end] }, 'misplaced-expression', bad.message, hint)]
}

function misplaced(text: string): ValueError | undefined {
  try {
    return checkShellText(text)
  } catch (error) {
    // What is no expression at all is told by the check of the text.
    if (error instanceof ValueError) return undefined
    throw error
  }
}

function checkWord(word: unknown, place: Place, scope: Scope): Finding[] {
  if (typeof word !== 'string') return []
  const found = checkText(word, place, scope)
  if (found.some(({ level }) => level === 'error') || !usesSecret(word, scope)) return found
  const message = 'a secret in an argv can be seen by everybody on the machine'
  return [wrong(place, 'secret-in-argv', message, 'write the command as one text: values travel over stdin there')]
}
