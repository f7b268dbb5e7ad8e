export type ColorLevel = 0 | 1 | 2 | 3

/** Decided once: the flag, then NO_COLOR and FORCE_COLOR, then whether it is a terminal. chalk knows nothing of NO_COLOR. */
export function colorLevel(flag: string | undefined, stream: { isTTY?: boolean }): ColorLevel {
  if (flag === 'never') return 0
  if (flag === 'always') return terminalLevel() || 1
  if (process.env['NO_COLOR']) return 0
  const force = process.env['FORCE_COLOR']
  if (force !== undefined)
    return force === '0' || force === 'false' ? 0 : (Math.min(Number(force) || 1, 3) as ColorLevel)
  return stream.isTTY ? terminalLevel() : 0
}

function terminalLevel(): ColorLevel {
  const { TERM = '', COLORTERM = '' } = process.env
  if (TERM === 'dumb') return 0
  if (/truecolor|24bit/.test(COLORTERM)) return 3
  return TERM.includes('256') ? 2 : 1
}
