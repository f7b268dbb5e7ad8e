/** Ends what is held while a fault lasts: it is found by a mark in its environment, whoever its parent is by then. */
export const HELD_MARK = 'SHAKEDOWN_HELD'

export function endHeld(mark: string): string {
  return `${each(mark, 'kill -9 "${p#/proc/}" 2>/dev/null')}\nexit 0`
}

export function checkHeld(mark: string): string {
  return `${each(mark, '! grep -q "^State:.Z" "$p/status" && echo "it is still held" && exit 1')}\nexit 0`
}

/** One search for all processes: a program for each takes seconds where there are many. */
const each = (mark: string, body: string) =>
  `for p in $(grep -ls '${HELD_MARK}=${mark}' /proc/[0-9]*/environ); do p=\${p%/environ}; ${body}; done`
