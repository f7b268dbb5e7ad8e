/** Bytes and scripts as one line that `read -r` and `printf %b` of any POSIX shell take apart again. */
import { quote } from '../../../contracts/command.ts'

/** Printable ASCII as it is, all else (blanks and backslashes, too) as `\0ooo`. */
export function escapeLine(bytes: Uint8Array | string): string {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  let line = ''
  for (const byte of buffer) line += BYTES[byte]
  return line
}

const BYTES = Array.from({ length: 256 }, (_, byte) =>
  byte > 32 && byte < 127 && byte !== 92 ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, '0')}`,
)

/**
 * What the login shell is asked for, whichever it is: `sh`, which reads its script as the first line of stdin. So no
 * value ever stands in an argv, and what a `.bashrc` prints comes before anything of ours. The `:` is on a line of its
 * own: it stood behind `2>/dev/null` once.
 */
export function firstLineScript(become: boolean): string {
  return `exec ${become ? 'sudo -n ' : ''}sh -c 'IFS= read -r SD_LINE; eval "$(printf %b "$SD_LINE"; printf "\\n:")"'`
}

/** A word of a line: the shell there knows `nl`. */
export function quoteOnLine(word: string): string {
  return quote(word).replaceAll('\n', `'"$nl"'`)
}
