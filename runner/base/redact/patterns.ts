/** The forms of a secret: the skeletons to search for, and how each find is checked and widened. */
import { base32Of, base64Of, type Encoded } from './encodings.ts'
import { isKept, skeletonBytes } from './skeleton.ts'
import { innermost } from './views.ts'

export interface Pattern {
  readonly secret: string
  /** The bytes to search for in skeletons. */
  readonly skeleton: Buffer
  /** The further check of a find. `tight`: the very characters; `base64`: its letters, with case; `joined`: nothing in between. */
  readonly check: 'none' | 'tight' | 'base64' | 'joined'
  /** From the first to the last byte of the skeleton, as it is written. */
  readonly core: Buffer
  /** Bytes around the core that no skeleton has: masked with it where they are there. */
  readonly lead: Buffer
  readonly trail: Buffer
  /** A long piece out of its middle is masked, too: a program may have cut it, or taken it apart. */
  readonly pieces: boolean
  /** A neighboring letter holds bits of it. */
  readonly before: boolean
  readonly behind: boolean
}

/** A secret that has (almost) no letters and digits: the bytes themselves are searched for. */
export interface Literal {
  readonly secret: string
  readonly bytes: Buffer
}

export interface Patterns {
  readonly skeletons: readonly Pattern[]
  readonly literals: readonly Literal[]
}

/** Shorter skeletons are found too often: the very characters have to be there. */
const LOOSE = 8
/** Four bytes begin every search. */
export const SHORTEST = 4
/** Single lines of a secret that are shorter than this are ordinary words. */
const SHORTEST_LINE = 8

export function patternsOf(secret: string): Patterns {
  const whole = secret.trim()
  const lines = whole.includes('\n') ? whole.split('\n').map((line) => line.trim()) : []
  const parts = [whole, ...new Set(lines.filter((line) => line.length >= SHORTEST_LINE))]
  const skeletons = parts.flatMap((part) => [
    ...plainPatterns(secret, part),
    ...encodedPatterns(secret, part, part === whole),
  ])
  const unique = new Map(skeletons.map((one) => [`${one.check} ${one.core.toString('latin1')}`, one]))
  return { skeletons: [...unique.values()], literals: literalsOf(secret, whole) }
}

function plainPatterns(secret: string, text: string): Pattern[] {
  return spellings(text)
    .flatMap((bytes) => patternOf(secret, bytes, (length) => (length >= LOOSE ? 'none' : 'tight')) ?? [])
    .map((one) => ({ ...one, pieces: true }))
}

/** As it is, decoded where it looks like escapes, with accents composed or apart, and in other character sets. */
function spellings(text: string): Buffer[] {
  const forms = [text, text.normalize('NFC'), text.normalize('NFD')].map((form) => Buffer.from(form))
  forms.push(Buffer.from(innermost(Buffer.from(text))))
  if (/[^\x00-\x7f]/.test(text)) {
    const little = Buffer.from(text, 'utf16le')
    forms.push(little, Buffer.from(little).swap16())
    if (/^[\x00-\xff]*$/.test(text)) forms.push(Buffer.from(text, 'latin1'))
  }
  return forms
}

function encodedPatterns(secret: string, text: string, nested: boolean): Pattern[] {
  const bytes = Buffer.from(text)
  const written = [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text.toWellFormed())]
  const inBase64 = [...new Set(written)].map((form) => Buffer.from(form)).concat(Buffer.from(text, 'utf16le'))
  const twice = nested ? base64Of(bytes).map(({ core }) => Buffer.from(core)) : []
  return [
    ...[...inBase64, ...twice].flatMap((form) =>
      base64Of(form).flatMap((one) => encodedPattern(secret, one, 'base64')),
    ),
    ...base32Of(bytes).flatMap((one) => encodedPattern(secret, one, one.core.length < LOOSE ? 'joined' : 'none')),
    ...[bytes, Buffer.from(text, 'utf16le')].flatMap(
      (form) => patternOf(secret, Buffer.from(form.toString('hex')), () => 'none') ?? [],
    ),
    // `[115, 101, 99]`: how Go and Node print bytes.
    ...(patternOf(secret, Buffer.from([...bytes].join(',')), () => 'none') ?? []),
  ]
}

function encodedPattern(secret: string, { core, before, behind }: Encoded, check: Pattern['check']): Pattern[] {
  const found = patternOf(secret, Buffer.from(core), () => check)
  return (found ?? []).map((one) => ({ ...one, before, behind }))
}

function patternOf(secret: string, bytes: Buffer, check: (length: number) => Pattern['check']): Pattern[] | undefined {
  const skeleton = skeletonBytes(bytes)
  if (skeleton.length < SHORTEST) return undefined
  const first = bytes.findIndex(isKept)
  const last = bytes.findLastIndex(isKept)
  return [
    {
      secret,
      skeleton,
      check: check(skeleton.length),
      core: bytes.subarray(first, last + 1),
      lead: bytes.subarray(0, first),
      trail: bytes.subarray(last + 1),
      pieces: false,
      before: false,
      behind: false,
    },
  ]
}

/** Quoted in the ways that double or add a character; escapes are taken away before they are searched for. */
function literalsOf(secret: string, text: string): Literal[] {
  if (skeletonBytes(Buffer.from(text)).length >= SHORTEST || text.length < SHORTEST) return []
  const forms = [
    text,
    text.replaceAll("'", "''"),
    text.replaceAll('"', '""'),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll("'", `'\\''`),
    text.replaceAll(/\s+/g, ' '),
    text.replaceAll(' ', '+'),
  ]
  const bytes = [...new Set(forms)].map((form) => Buffer.from(form))
  return [...bytes, Buffer.from(text, 'utf16le')].map((form) => ({ secret, bytes: form }))
}
