export type Facts = Readonly<Record<string, unknown>>

export interface Logger {
  info(message: string, facts?: Facts): void
  warn(message: string, facts?: Facts): void
  error(message: string, facts?: Facts): void
}

/** One event a line, with time, level and what matters. */
export function logger(name: string): Logger {
  const line = (level: string, message: string, facts: Facts = {}) => {
    const words = Object.entries(facts).map(([key, value]) => `${key}=${wordOf(value)}`)
    console.log([new Date().toISOString(), level.padEnd(5), name, message, ...words].join(' '))
  }
  return {
    info: (message, facts) => line('INFO', message, facts),
    warn: (message, facts) => line('WARN', message, facts),
    error: (message, facts) => line('ERROR', message, facts),
  }
}

/** A text with spaces or line breaks is quoted, so that an event stays one line and its facts can be told apart. */
function wordOf(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)
}
