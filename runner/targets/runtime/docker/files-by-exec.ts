/** Files that the Engine's archives can't reach: below a tmpfs, or a single file that is mounted. A command inside reads and writes them. */
import { posix } from 'node:path'
import { CheckFailure, TargetError } from '../../../contracts/errors.ts'
import { kindOfWords, notAFile } from '../../../contracts/file-kind.ts'
import type { Exit, FileInfo, ReadOptions } from '../../../contracts/transport.ts'
import type { Engine } from './engine.ts'
import { execInside } from './exec.ts'
import { named } from './group.ts'
import type { Inspection } from './inspection.ts'

const WITHIN = 30_000
const MISSING = 66
/** It is there, and not a file. */
const NO_FILE = 67
const NO_LIMIT = 2 ** 40
const FILE_ONLY = `[ -e "$0" ] || exit ${MISSING}; [ -f "$0" ] || exit ${NO_FILE}; `
/** Docker mounts these itself and does not list them. */
const ITS_OWN = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']
const KERNEL = ['/proc', '/sys', '/dev']

/** The daemon looks at the image's layers and volumes: what is mounted inside alone it does not see. */
export function isUnseen({ HostConfig, Mounts }: Inspection, path: string): boolean {
  const tmpfs = Object.keys((HostConfig['Tmpfs'] as Record<string, string> | null | undefined) ?? {})
  const mounted = Mounts.filter(({ Type }) => Type === 'tmpfs').map(({ Destination }) => Destination)
  return [...KERNEL, ...tmpfs, ...mounted].some((folder) => isBelow(posix.normalize(path), posix.normalize(folder)))
}

/** A mount point can't be replaced, only written to. */
export function isMounted({ Mounts }: Inspection, path: string): boolean {
  const at = posix.normalize(path)
  return ITS_OWN.includes(at) || Mounts.some(({ Destination }) => posix.normalize(Destination) === at)
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder.replace(/\/$/, '')}/`)
}

export async function readInside(
  engine: Engine,
  of: Inspection,
  path: string,
  { most, timeout }: ReadOptions = {},
): Promise<Uint8Array | undefined> {
  const read = most === undefined ? 'exec cat "$0"' : `exec head -c ${most} <"$0"`
  return fileInside(engine, of, read, path, timeout)
}

export async function sha256Inside(
  engine: Engine,
  of: Inspection,
  path: string,
  timeout: number | undefined,
): Promise<string | undefined> {
  const out = await fileInside(engine, of, 'exec sha256sum <"$0"', path, timeout)
  return out && Buffer.from(out).toString().split(' ')[0]
}

async function fileInside(
  engine: Engine,
  of: Inspection,
  script: string,
  path: string,
  timeout: number | undefined,
): Promise<Uint8Array | undefined> {
  const exit = await inside(engine, of, `${FILE_ONLY}${script}`, path, { timeout })
  if (exit.code === MISSING) return undefined
  if (exit.code === NO_FILE) throw notAFile(path, (await statInside(engine, of, path))?.kind ?? 'other')
  return demandDone(exit, of, `${path} can't be read`).stdout
}

export async function statInside(engine: Engine, of: Inspection, path: string): Promise<FileInfo | undefined> {
  const script = `follow=-L
if [ -L "$0" ]; then echo link; [ -e "$0" ] || follow=; else echo plain; [ -e "$0" ] || exit ${MISSING}; fi
exec stat $follow -c "%F|%s|%a|%u|%g|%U" "$0"`
  const exit = await inside(engine, of, script, path)
  if (exit.code === MISSING) return undefined
  const [link, words = ''] = Buffer.from(demandDone(exit, of, `${path} can't be looked at`).stdout)
    .toString()
    .trim()
    .split('\n')
  const [kind = '', size, mode = '', uid, gid, owner = ''] = words.split('|')
  return {
    kind: kindOfWords(kind),
    isLink: link === 'link' ? true : undefined,
    size: Number(size),
    mode: mode.padStart(4, '0'),
    // As by the archives, which know no name but that of root.
    owner: owner === 'UNKNOWN' ? String(uid) : owner,
    uid: Number(uid),
    gid: Number(gid),
  }
}

/** Written in place, so mode and owner stay; a new file gets `mode`. */
export async function writeInside(
  engine: Engine,
  of: Inspection,
  path: string,
  bytes: Uint8Array,
  mode: number | undefined,
): Promise<void> {
  const chmod = mode === undefined ? '' : `[ -e "$0" ] || { : >"$0" && chmod ${mode.toString(8)} "$0"; } || exit 1; `
  const exit = await inside(engine, of, `${chmod}exec cat >"$0"`, path, { stdin: bytes })
  if (exit.code !== 0) throw new CheckFailure(`${path} can't be written in ${named(of).name}: ${wordsOf(exit)}`)
}

function inside(
  engine: Engine,
  of: Inspection,
  script: string,
  path: string,
  { stdin, timeout = WITHIN }: { stdin?: Uint8Array; timeout?: number | undefined } = {},
): Promise<Exit> {
  if (of.State.Status !== 'running')
    throw new TargetError(`${named(of).name} is ${of.State.Status}, and ${path} can only be reached while it runs`, {
      transient: true,
    })
  const command = { argv: ['sh', '-c', script, path] }
  return execInside(engine, of.Id, command, { timeout, stdin, keep: NO_LIMIT }, new AbortController().signal)
}

/** What can't be read now may come. */
function demandDone(exit: Exit, of: Inspection, problem: string): Exit {
  if (exit.code === 0) return exit
  if (exit.timedOut) throw new TargetError(`${problem} in ${named(of).name}: it takes too long`, { transient: true })
  throw new TargetError(`${problem} in ${named(of).name}: ${wordsOf(exit)}`, { transient: true })
}

function wordsOf({ stderr, code }: Exit): string {
  return Buffer.from(stderr).toString().trim() || `exit ${code}`
}
