import { MASK, type Redactor } from '../base/redact/redactor.ts'

/** The name of a file or folder in the results, which many see and copy: a secret in it is replaced, in plain ASCII. */
export function maskedName(name: string, redactor: Redactor): string {
  return redactor.text(name).replaceAll(MASK, 'secret')
}
