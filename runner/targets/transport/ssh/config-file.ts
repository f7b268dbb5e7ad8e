/** `~/.ssh/config`: what it says of a host. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import SSHConfig from 'ssh-config'
import { messageOf, TargetError } from '../../../contracts/errors.ts'
import { ownName } from '../users.ts'

/** As OpenSSH does. */
const MOST_INCLUDES = 16

/** Directives by their name in lower case; of one that is given twice the first counts. */
export interface HostConfig {
  one(name: string): string | undefined
  all(name: string): readonly string[]
}

export function home(): string {
  return process.env['HOME'] ?? homedir()
}

/** `~/x` as an absolute path. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(home(), path.slice(1)) : path
}

/** What the user's and then the system's file say of a host. Throws a TargetError for a file that can't be read. */
export function configOf(host: string, user: string | undefined): HostConfig {
  const text = [join(home(), '.ssh', 'config'), '/etc/ssh/ssh_config'].map((file) => withIncludes(file, 0)).join('\n')
  const computed = compute(text, host, user)
  const all = (name: string) => {
    const found = Object.entries(computed).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
    return found === undefined ? [] : [found].flat()
  }
  return { all, one: (name) => all(name)[0] }
}

function compute(text: string, host: string, user: string | undefined): Record<string, string | string[]> {
  try {
    const parsed = SSHConfig.parse(text)
    return user === undefined ? parsed.compute(host) : parsed.compute({ Host: host, User: user })
  } catch (error) {
    throw new TargetError(`~/.ssh/config can't be understood: ${messageOf(error)}`, { cause: error })
  }
}

/** Included files in their place. What follows an Include within a `Host` goes on under that `Host`. */
function withIncludes(file: string, depth: number): string {
  const lines = textOf(file).split('\n')
  let block = 'Match all'
  return lines
    .flatMap((line) => {
      if (/^\s*(host|match)[\s=]/i.test(line)) block = line
      const patterns = /^\s*include[\s=]+(.*\S)\s*$/i.exec(line)?.[1]
      if (patterns === undefined) return [line]
      if (depth === MOST_INCLUDES) throw new TargetError(`${file} includes itself, or too many others`)
      return [...wordsOf(patterns).flatMap((pattern) => included(pattern, depth + 1)), block]
    })
    .join('\n')
}

function included(pattern: string, depth: number): string[] {
  const path = expandHome(pattern)
  const absolute = isAbsolute(path) ? path : join(home(), '.ssh', path)
  return [...new Bun.Glob(absolute.slice(1)).scanSync({ cwd: '/', dot: true })]
    .sort()
    .map((file) => withIncludes(`/${file}`, depth))
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw new TargetError(`${file} can't be read: ${messageOf(error)}`, { cause: error })
  }
}

/** `%h`, `%p`, `%r`, `%d`, `%u` and `~` of a path in a config file. */
export function expandTokens(path: string, of: { host: string; port: number; user: string }): string {
  const tokens: Record<string, string> = {
    h: of.host,
    p: String(of.port),
    r: of.user,
    d: home(),
    u: ownName(),
    '%': '%',
  }
  return expandHome(path.replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole))
}
