/** Where something stands in a document: the keys and indexes that lead to it, as in the parsed tree. */
export type Path = readonly (string | number)[]

/** A spot in a file that a person wrote. */
export interface Place {
  readonly file: string
  readonly path: Path
  /** Point at the key instead of its value. */
  readonly key?: boolean | undefined
  /** Characters inside the scalar at `path`, for an expression or a JSONPath in the middle of a string. */
  readonly span?: readonly [start: number, end: number] | undefined
}

/** A spot that was looked up in the text: what an error shows. Lines and columns count from 1. */
export interface Frame {
  readonly file: string
  readonly line: number
  readonly column: number
  /** How many characters the caret underlines, at least 1. */
  readonly length: number
  /** The line itself and up to two before it. */
  readonly lines: readonly { readonly number: number; readonly text: string }[]
}

const places = new WeakMap<object, Place>()

/** Remembers where a mapping or list of a plan came from; bound copies are marked with the place of their original. */
export function markPlace<T extends object>(value: T, place: Place): T {
  places.set(value, place)
  return value
}

/** The place of a mapping or list that came out of a document, also after binding. */
export function placeOf(value: unknown): Place | undefined {
  return typeof value === 'object' && value !== null ? places.get(value) : undefined
}

/** The place of a member of something placed. */
export function placeAt(place: Place, ...path: (string | number)[]): Place {
  return { file: place.file, path: [...place.path, ...path] }
}

/** The same place, pointing at its key. */
export function placeOfKey(place: Place, ...path: (string | number)[]): Place {
  return { file: place.file, path: [...place.path, ...path], key: true }
}
