/** Changes of the text of a plan: what a slip of the editor or a bad merge does. */
import type { Random } from './random.ts'

const CHARACTERS = [
  '\t',
  '\n',
  ' ',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ':',
  '-',
  '#',
  '*',
  '&',
  '!',
  '|',
  '>',
  '%',
  '$',
  '@',
  '`',
  ',',
  '?',
  '~',
  '\\',
  '\u0000',
  '\u00a0',
  '\ud83d\ude00',
  '\ud800',
  '0',
  'a',
]
const LINES = [
  '---',
  '...',
  '%YAML 1.1',
  '- ',
  '  - run: "true"',
  '<<: *x',
  '? a',
  ': b',
  '\t- x',
  '  key: value',
  'steps:',
  '- &a *a',
  '!!set {a}',
  '"',
  "'",
  '${{',
  '{{ x }}',
  '<<<<<<< HEAD',
]

type TextChange = (text: string, random: Random) => string

const byCharacter: readonly TextChange[] = [
  (text, random) => spliced(text, random.below(text.length), 1, ''),
  (text, random) => spliced(text, random.below(text.length), 0, random.of(CHARACTERS)),
  (text, random) => spliced(text, random.below(text.length), 1, random.of(CHARACTERS)),
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => {
    const at = random.below(text.length)
    return spliced(text, random.below(text.length), 0, text.slice(at, at + random.below(40)))
  },
  (text, random) => spliced(text, random.below(text.length), random.below(40), ''),
]

const byLine: readonly TextChange[] = [
  (text, random) => lines(text, (all) => all.toSpliced(random.below(all.length), 1)),
  (text, random) => lines(text, (all) => all.toSpliced(random.below(all.length), 0, random.of(all))),
  (text, random) => lines(text, (all) => all.toSpliced(random.below(all.length), 0, random.of(LINES))),
  (text, random) =>
    lines(text, (all) => {
      const at = random.below(all.length)
      const line = all[at] ?? ''
      return all.with(at, random.next() < 0.5 ? `  ${line}` : line.replace(/^ {1,2}/, ''))
    }),
  (text, random) =>
    lines(text, (all) => {
      const [one, other] = [random.below(all.length), random.below(all.length)]
      return all.with(one, all[other] ?? '').with(other, all[one] ?? '')
    }),
  (text) => text.replaceAll('\n', '\r\n'),
]

export function mutateText(text: string, random: Random): string {
  let changed = text
  for (let times = 1 + random.below(3); times > 0 && changed.length > 0; times--)
    changed = random.of(random.next() < 0.5 ? byCharacter : byLine)(changed, random)
  return changed
}

function spliced(text: string, at: number, remove: number, insert: string): string {
  return text.slice(0, at) + insert + text.slice(at + remove)
}

function lines(text: string, change: (lines: string[]) => string[]): string {
  return change(text.split('\n')).join('\n')
}
