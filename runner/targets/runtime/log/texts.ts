import { knownText } from '../../../base/decode.ts'
import type { LogLines } from '../../../contracts/target.ts'

/** Lines for people; none where the log can't be read. */
export async function textsOf(lines: Promise<LogLines>): Promise<readonly string[]> {
  return (await lines.catch(() => [])).map(knownText)
}
