/** Words of the language that are not built yet: said plainly, instead of "unknown". */
const words: Readonly<Record<string, readonly string[]>> = {
  plan: ['restore-after', 'quarantine', 'expect-failure'],
  step: ['sample', 'fake', 'start', 'parallel', 'background', 'join'],
  fault: ['fake'],
  probe: ['fake', 'step'],
  runtime: [],
  target: ['fakes'],
  key: ['on'],
}

/** What to say of such a word; undefined for one that is unknown altogether. */
export function plannedWord(of: keyof typeof words & string, word: string): string | undefined {
  return words[of]?.includes(word) ? `"${word}" is part of the language, but not built yet` : undefined
}
