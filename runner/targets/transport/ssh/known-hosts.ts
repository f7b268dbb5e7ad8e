/** Checks a host's key against known_hosts files, strictly: plain and hashed names, patterns, `@revoked`, `@cert-authority`. */
import { createHash, createHmac } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { TargetError } from '../../../contracts/errors.ts'
import type { SshSettings } from './settings.ts'

interface Line {
  readonly file: string
  readonly number: number
  readonly marker: string | undefined
  readonly names: string
  readonly type: string
  readonly key: string
}

/** Types of the keys that are known of a host: a server is asked for one of these first, else it might show another one. */
export function knownTypes(settings: SshSettings): readonly string[] {
  return [...new Set(linesFor(settings).flatMap(({ marker, type }) => (marker === undefined ? [type] : [])))]
}

/** Throws a TargetError that says what to type, unless the key is known (or new, and new ones are accepted). */
export function checkHostKey(settings: SshSettings, key: Buffer): void {
  const lines = linesFor(settings)
  const shown = key.toString('base64')
  const { knownAs, knownHosts } = settings
  const revoked = lines.find((line) => line.marker === '@revoked' && line.key === shown)
  if (revoked) throw new TargetError(`the key of ${knownAs} is revoked (${revoked.file}:${revoked.number})`)
  const plain = lines.filter(({ marker }) => marker === undefined)
  if (plain.some((line) => line.key === shown)) return
  const other = plain.find(({ type }) => type === typeOf(key)) ?? plain[0]
  if (other) throw changed(settings, key, other)
  const authority = lines.find(({ marker }) => marker === '@cert-authority')
  if (authority)
    throw new TargetError(
      `${authority.file}:${authority.number} trusts ${knownAs} by @cert-authority, and host certificates are not supported: add the host's own key, whose fingerprint is ${fingerprint(key)}, with: ${scanLine(settings)}`,
    )
  if (!settings.acceptNew)
    throw new TargetError(
      `${knownAs} is not in ${knownHosts[0] ?? 'known_hosts'}; its key is ${typeOf(key)} ${fingerprint(key)}. If that is right, type: ${scanLine(settings)}`,
    )
  accept(settings, key)
}

function changed(settings: SshSettings, key: Buffer, { file, number }: Line): TargetError {
  return new TargetError(
    `the key of ${settings.knownAs} is not the one in ${file}:${number}: it shows ${typeOf(key)} ${fingerprint(key)}. Somebody may be in between. If the host was set up anew, type: ssh-keygen -R '${settings.knownAs}' -f ${file}`,
  )
}

function scanLine({ host, port, knownHosts }: SshSettings): string {
  return `ssh-keyscan ${port === 22 ? '' : `-p ${port} `}${host} >>${knownHosts[0] ?? '~/.ssh/known_hosts'}`
}

function accept({ knownAs, knownHosts }: SshSettings, key: Buffer): void {
  const [file] = knownHosts
  if (file === undefined) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  appendFileSync(file, `${knownAs} ${typeOf(key)} ${key.toString('base64')}\n`, { mode: 0o600 })
}

/** As `ssh-keygen -l` shows it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** A key begins with its type, as a length and so many bytes. */
function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString()
}

function linesFor({ knownHosts, knownAs }: SshSettings): Line[] {
  return knownHosts.flatMap(linesOf).filter(({ names }) => matches(names, knownAs))
}

function linesOf(file: string): Line[] {
  return textOf(file)
    .split('\n')
    .flatMap((text, index) => {
      const words = text.trim().split(/\s+/)
      if (text.trim() === '' || words[0]?.startsWith('#')) return []
      const marker = words[0]?.startsWith('@') ? words.shift() : undefined
      const [names = '', type = '', key = ''] = words
      return [{ file, number: index + 1, marker, names, type, key }]
    })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|1|')) return matchesHash(names, name)
  const patterns = names.toLowerCase().split(',')
  const fits = (pattern: string) => wildcard(pattern).test(name.toLowerCase())
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern))
}

function matchesHash(names: string, name: string): boolean {
  const [, , salt = '', hash] = names.split('|')
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name.toLowerCase()).digest('base64') === hash
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
}
