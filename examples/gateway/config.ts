/** The gateway's configuration: `config.json`, and a token beside it in `.env`. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'

export interface Config {
  /** How often the node is asked, in ms. */
  readonly pollMs: number
  /** How long one question may take, in ms: a frozen node answers nothing. */
  readonly timeoutMs: number
  /** So many bad answers in a row mark the node down. */
  readonly downAfter: number
  /** So many good answers in a row mark it up again. */
  readonly upAfter: number
  readonly workers: { readonly limit: number }
  readonly token: string
}

/** Throws an error that names what is wrong. */
export function readConfig(file: string): Config {
  const plain = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  for (const key of ['pollMs', 'timeoutMs', 'downAfter', 'upAfter'])
    if (typeof plain[key] !== 'number' || plain[key] < 1) throw new Error(`${key} must be a number from 1`)
  const limit = (plain['workers'] as { limit?: unknown } | undefined)?.limit
  if (typeof limit !== 'number' || limit < 0) throw new Error('workers.limit must be a number from 0')
  const token = parse(readFileSync(join(dirname(file), '.env')))['GATEWAY_TOKEN']
  if (!token) throw new Error('.env holds no GATEWAY_TOKEN')
  return { ...(plain as unknown as Config), token }
}
