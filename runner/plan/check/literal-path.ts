/** File paths are taken as they are written: no shell looks at them. */
import type { Finding } from '../../contracts/errors.ts'
import type { Place } from '../../contracts/source.ts'
import { wrong } from '../schema-errors.ts'

const TAKES = 'a file path is literal'

/** Findings of syntax that only a shell would understand. Values of expressions are literal, too. */
export function checkLiteralPath(path: string, place: Place): Finding[] {
  const plain = path.replace(/\$?\$\{\{.*?\}\}/g, '')
  const found = SHELL_WORDS.find(({ pattern }) => pattern.test(plain))
  if (!found) return []
  const word = found.pattern.exec(plain)?.[0] ?? ''
  return [wrong(place, 'literal-path', `${TAKES}: ${found.why(word)}`, found.hint)]
}

const SHELL_WORDS: readonly { pattern: RegExp; why: (word: string) => string; hint: string }[] = [
  {
    pattern: /^~[\w-]*(?=\/|$)/,
    why: (word) => `"${word}" is not replaced by a home folder`,
    hint: 'write the absolute path; for a file whose name begins so, ./~',
  },
  {
    pattern: /\$\w+|\$\{\w+\}|\$\(/,
    why: (word) => `"${word}" is not replaced by a value`,
    hint: 'write the path, or an expression: ${{ variables.folder }}/name',
  },
  {
    pattern: /^file:\/\//,
    why: () => 'it is not a URL',
    hint: 'leave file:// out',
  },
  {
    pattern: /[*?]|\[[^\]]*\]|\{[^}]*,[^}]*\}/,
    why: (word) => `"${word}" is not a pattern that matches several files`,
    hint: 'name the file, or list files with a command: run: ls DIR; for a name that has it, write ${{ "NAME" }}',
  },
]
