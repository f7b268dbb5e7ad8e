/** The names of declared services without `port`. */
export function portlessOf(services: unknown): readonly string[] {
  const all = Object.entries((services ?? {}) as Record<string, { port?: unknown } | null>)
  return all.filter(([, service]) => service?.port === undefined).map(([name]) => name)
}
