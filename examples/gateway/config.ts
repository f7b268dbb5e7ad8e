/** The gateway's configuration: `config.json`, and a token beside it in `.env`. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Config {
  /** How often the node is asked, in ms. */
  readonly pollMs: number
  /** How long one question may take, in ms: a frozen node answers nothing. */
  readonly timeoutMs: number
  /** So many bad answers in a row mark the node down. */
  readonly downAfter: number
  /** So many good answers in a row mark it up again. */
  readonly upAfter: number
  readonly workers: {
    /** So many may work at once. */
    readonly limit: number
    /** A worker that was silent for this long, in ms, is gone. */
    readonly forgetMs: number
  }
  readonly token: string
}

/** Throws an error that names what is wrong. */
export function readConfig(file: string): Config {
  const plain = mappingOf(JSON.parse(readFileSync(file, 'utf8')), 'the file')
  const workers = mappingOf(plain['workers'], 'workers')
  return {
    pollMs: numberFrom(1, plain, 'pollMs'),
    timeoutMs: numberFrom(1, plain, 'timeoutMs'),
    downAfter: numberFrom(1, plain, 'downAfter'),
    upAfter: numberFrom(1, plain, 'upAfter'),
    workers: { limit: numberFrom(0, workers, 'limit'), forgetMs: numberFrom(1, workers, 'forgetMs') },
    token: readToken(join(dirname(file), '.env')),
  }
}

/** Throws an error when the file holds none. */
export function readToken(file: string): string {
  const token = /^GATEWAY_TOKEN=(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]
  if (!token) throw new Error('.env holds no GATEWAY_TOKEN')
  return token
}

type Mapping = Readonly<Record<string, unknown>>

function mappingOf(value: unknown, name: string): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name} must be a mapping`)
  return value as Mapping
}

function numberFrom(least: number, mapping: Mapping, key: string): number {
  const value = mapping[key]
  if (typeof value !== 'number' || value < least) throw new Error(`${key} must be a number from ${least}`)
  return value
}
