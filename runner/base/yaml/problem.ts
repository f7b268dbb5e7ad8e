/** Something that is wrong with the text, at these characters. */
export interface YamlProblem {
  /** A short stable name: `multiple_docs`, `duplicate_key`. */
  readonly code: string
  readonly message: string
  /** The next thing for the user to do. */
  readonly hint: string
  readonly start: number
  readonly end: number
}
