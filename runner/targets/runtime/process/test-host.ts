import { connect } from 'node:net'
import type { RuntimeHost, ServiceNames } from '../../../contracts/target.ts'

export interface TestHost extends RuntimeHost {
  readonly notes: string[]
}

/** What the engine hands a runtime, in small: `${{ services.X.FIELD }}` is filled in, `ready` is a port that answers. */
export function testHost(parts: {
  folder: string
  home: string
  ready?: (service: string, signal: AbortSignal) => Promise<{ holds: boolean; says: string } | undefined>
}): TestHost {
  const notes: string[] = []
  return {
    folder: parts.folder,
    home: parts.home,
    labels: { run: 'run', case: 'case', plan: 'plan' },
    notes,
    note: (message) => void notes.push(message),
    resolve: <T>(plain: T, services: Readonly<Record<string, ServiceNames>>) => filled(plain, services) as T,
    command: (plain, services) => {
      const said = filled(plain, services)
      return typeof said === 'string' ? { sh: said } : { argv: (said as readonly unknown[]).map(String) }
    },
    environment: () => ({}),
    ready: parts.ready ?? (async () => undefined),
  }
}

function filled(plain: unknown, services: Readonly<Record<string, ServiceNames>>): unknown {
  if (typeof plain === 'string') {
    const value = (_: string, service: string, field: keyof ServiceNames) => String(services[service]?.[field])
    return plain.replace(/\$\{\{ services\.(\w+)\.(\w+) \}\}/g, value as never)
  }
  if (Array.isArray(plain)) return plain.map((item) => filled(item, services))
  if (typeof plain !== 'object' || plain === null) return plain
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, filled(value, services)]))
}

/** Whether something listens there. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const tell = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => tell(true)).once('error', () => tell(false))
  })
}
