/** Files of a host, by its own small programs: a server may offer no SFTP, and `become` has none. */
import { quote } from '../../../contracts/command.ts'
import { TargetError } from '../../../contracts/errors.ts'
import { kindOfWords, notAFile } from '../../../contracts/file-kind.ts'
import type { ExecOptions, Exit, FileInfo, Files } from '../../../contracts/transport.ts'

type Run = (script: string, options?: ExecOptions) => Promise<Exit>

const NO_LIMIT = 2 ** 40
const FILE_LIMIT = 5 * 60_000

/** Exit code of the script: the path exists, but is not a file. */
const NO_FILE = 67

/** GNU and BusyBox first, then BSD. A link that leads nowhere is there, too. */
const STAT = `
about() { stat $1 -c '%s %a %u %g %U %F' -- "$path" 2>/dev/null || stat $1 -f '%z %Lp %u %g %Su %HT' "$path"; }
if [ -L "$path" ]; then
  printf 'link '
  if [ -e "$path" ]; then about -L; else about; fi
  readlink -- "$path"
else
  printf 'plain '
  about -L
fi`

/** A FIFO would block. */
const FILE_ONLY = `if [ -e "$path" ] && [ ! -f "$path" ]; then exit ${NO_FILE}; fi`

const SHA256 = `hash=$(if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi <"$path") || exit 1
echo "\${hash%% *}"`

/**
 * Written beside and renamed, so that nobody ever reads half of it; a link is followed and not replaced. Owner and mode
 * are those of what was there. A connection that is cut leaves nothing: the shell goes on to its end, and a short copy
 * is never put in place.
 */
const WRITE = `
target=$(readlink -f -- "$path" 2>/dev/null) && [ -n "$target" ] || target=$path
[ -d "$target" ] && { echo "$target: Is a directory" >&2; exit 1; }
beside=\${target%/*}/.\${target##*/}.shakedown-$$.tmp
trap 'rm -f -- "$beside"' EXIT
umask 077
: >"$beside" || exit 1
cat >"$beside" || exit 1
[ "$(wc -c <"$beside")" -eq "$size" ] || { echo "$target: only a part of it arrived" >&2; exit 1; }
if [ -e "$target" ]; then
  mode=$(stat -L -c %a -- "$target" 2>/dev/null || stat -L -f %Lp "$target")
  owner=$(stat -L -c %u:%g -- "$target" 2>/dev/null || stat -L -f %u:%g "$target")
  [ "$owner" = "$(id -u):$(id -g)" ] || chown "$owner" "$beside" || exit 1
fi
chmod "$mode" "$beside" || exit 1
sync "$beside" 2>/dev/null
mv -f -- "$beside" "$target"
`

export function remoteFiles(run: Run): Files {
  const of = (path: string) => `export LC_ALL=C; path=${quote(path)}\n`
  const failed = (path: string, exit: Exit) => errorOf(path, Buffer.from(exit.stderr).toString())
  const look = async (path: string) => {
    const exit = await run(`${of(path)}${STAT}`, { timeout: FILE_LIMIT })
    if (exit.code === 0) return infoOf(Buffer.from(exit.stdout).toString())
    return undefinedIfMissing(failed(path, exit))
  }
  const ofFile = async (path: string, script: string, options: ExecOptions) => {
    const timeout = options.timeout ?? FILE_LIMIT
    const exit = await run(`${of(path)}${FILE_ONLY}\n${script}`, { ...options, timeout })
    if (exit.timedOut) throw new TargetError(`${path} could not be read within ${timeout} ms`, { transient: true })
    if (exit.code === NO_FILE) throw notAFile(path, (await look(path))?.kind ?? 'other')
    return exit.code === 0 ? exit.stdout : undefinedIfMissing(failed(path, exit))
  }
  return {
    stat: look,
    read: (path, { most, timeout } = {}) =>
      ofFile(path, most === undefined ? 'cat -- "$path"' : `head -c ${most} <"$path"`, { keep: NO_LIMIT, timeout }),
    sha256: async (path, { timeout } = {}) => {
      const out = await ofFile(path, SHA256, { timeout })
      return out && Buffer.from(out).toString().trim()
    },
    write: async (path, bytes, { mode = 0o644 } = {}) => {
      const script = `${of(path)}size=${bytes.length} mode=${mode.toString(8)}${WRITE}`
      const exit = await run(script, { stdin: bytes, timeout: FILE_LIMIT })
      if (exit.code !== 0) throw failed(path, exit)
    },
    watch: async () => undefined,
  }
}

function infoOf(text: string): FileInfo {
  const [first = '', ...link] = text.replace(/\n$/, '').split('\n')
  const [plain, size, mode = '', uid, gid, owner = '', ...kind] = first.split(' ')
  return {
    kind: kindOfWords(kind.join(' ')),
    ...(plain === 'link' ? { isLink: true, link: link.join('\n') } : {}),
    size: Number(size),
    mode: mode.padStart(4, '0'),
    owner,
    uid: Number(uid),
    gid: Number(gid),
  }
}

const CODES: Readonly<Record<string, string>> = {
  'no such file': 'ENOENT',
  'directory nonexistent': 'ENOENT',
  'nonexistent directory': 'ENOENT',
  'not a directory': 'ENOTDIR',
  'is a directory': 'EISDIR',
  'permission denied': 'EACCES',
  'operation not permitted': 'EPERM',
  'no space left': 'ENOSPC',
  'read-only file system': 'EROFS',
}

function errorOf(path: string, said: string): Error {
  const code = Object.entries(CODES).find(([words]) => said.toLowerCase().includes(words))?.[1]
  const last = said.trim().split('\n').at(-1) ?? ''
  return code === undefined
    ? new TargetError(`${path}: ${last || 'the host says nothing'}`)
    : Object.assign(new Error(`${code}: ${path}: ${last}`), { code })
}

function undefinedIfMissing(error: Error & { code?: string }): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
