/** The one way out for what commands print: secrets are masked here, whoever wrote the text. */
import { known } from '../base/redact/known.ts'

/** A text and a line end, to stdout. Not by way of `process.stdout`: opening that loads all of Node's streams. */
export function say(text: string): void {
  console.log(known.text(text))
}

/** The same, to stderr. */
export function sayError(text: string): void {
  console.error(known.text(text))
}
