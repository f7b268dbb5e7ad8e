import { distance } from 'fastest-levenshtein'

/** All names of the language are much shorter; a longer word is a text in the wrong place, and costs seconds to compare. */
const LONGEST = 60

/** The nearest of the valid names, when it is near enough to be a slip of the fingers. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  const all = [...names]
  // `{ run:true }`: without a blank after the colon YAML takes the whole for a key.
  const [, key = '', value = ''] = /^([\w-]+):(\S.*)$/s.exec(word) ?? []
  if (all.includes(key)) return `${key}: ${value.slice(0, LONGEST)}`
  if (word.length > LONGEST) return undefined
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const name of all) {
    if (Math.abs(word.length - name.length) >= least) continue
    const steps = slips(word.toLowerCase(), name.toLowerCase())
    if (steps < least && steps < word.length) [best, least] = [name, steps]
  }
  return best
}

/** `did you mean "wait-for"?`, or the valid names when none is near. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const all = [...names]
  const near = nearest(word, all)
  return near === undefined ? `valid here: ${all.join(', ')}` : `did you mean "${near}"?`
}

/** Edits, where two letters that are swapped are one slip and not two. */
function slips(word: string, name: string): number {
  const swapped = Array.from(
    { length: Math.max(0, word.length - 1) },
    (_, at) => word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
  )
  return Math.min(distance(word, name), ...swapped.map((one) => distance(one, name) + 1))
}

/** `unknown key "wiat-for"; did you mean "wait-for"?`. The valid names are left out where a hint says what to write. */
export function unknownName(what: string, word: string, names: Iterable<string>, hint: string | undefined): string {
  const all = [...names]
  if (hint === undefined) return `${what}; ${didYouMean(word, all)}`
  const near = nearest(word, all)
  return near === undefined ? what : `${what}; did you mean "${near}"?`
}
