/** The first line of files that are made below /run: by it they are found again, also when no journal tells of them. */
const SIGN = '# Made by shakedown, run '

export function madeBy(run: string, mark: string): string {
  return `${SIGN}${run} (${mark})`
}

/** Which run made a file that begins so. */
export function runOf(line: string): string | undefined {
  return line.startsWith(SIGN) ? line.slice(SIGN.length).split(' ', 1)[0] : undefined
}
