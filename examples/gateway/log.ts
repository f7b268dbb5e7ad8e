/** One event a line, with time, level and what matters. */
export function logger(name: string) {
  const line = (level: string, message: string, facts: Readonly<Record<string, unknown>> = {}) => {
    const words = Object.entries(facts).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    console.log([new Date().toISOString(), level.padEnd(5), name, message, ...words].join(' '))
  }
  return {
    info: (message: string, facts?: Readonly<Record<string, unknown>>) => line('INFO', message, facts),
    warn: (message: string, facts?: Readonly<Record<string, unknown>>) => line('WARN', message, facts),
    error: (message: string, facts?: Readonly<Record<string, unknown>>) => line('ERROR', message, facts),
  }
}
