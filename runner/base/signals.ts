const names = ['KILL', 'TERM', 'INT', 'HUP', 'QUIT', 'ABRT', 'SEGV', 'USR1', 'USR2'] as const

/** Signals that a plan may send, with or without SIG. */
export const signals = [...names, ...names.map((name) => `SIG${name}` as const)] as const

/** The full name: `SIGHUP`. */
export function signalName(said: string): string {
  return said.startsWith('SIG') ? said : `SIG${said}`
}
