/** Pipes for the output of commands: what Bun makes are sockets, and no command can open a socket as /dev/stderr. */
import { dlopen, FFIType, ptr } from 'bun:ffi'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { Keeper, type Kept, readInto, restOf, SHORT_GRACE } from './output.ts'

/** Most commands are over by then, and what they said is read in one go. In ms. */
const SOON = 5
const O_CLOEXEC = 0o2000000
const PIECE = 65_536
/** The default of /proc/sys/fs/pipe-max-size. */
const LARGEST_PIPE = 1_048_576

export interface Pipe {
  /** The descriptor that a command writes to; close it once the command has it. */
  readonly to: number
  /** Reads it to its end; the descriptor is closed when it is drained. */
  keep(limit: number): Kept
  /** Of no use after all. */
  drop(): void
}

/** Undefined where there are none: then Bun's own do. */
export function realPipe(): Pipe | undefined {
  const ends = new Int32Array(2)
  if (!makePipe()?.(ptr(ends), O_CLOEXEC)) return undefined
  const [blocking = -1, to = -1] = ends
  // Opened anew, since what is set on one end would be set on the command's, too.
  const from = openSync(`/proc/self/fd/${blocking}`, constants.O_RDONLY | constants.O_NONBLOCK)
  closeSync(blocking)
  return { to, keep: (limit) => keepPipe(from, limit), drop: () => closeSync(from) }
}

type MakePipe = (ends: ReturnType<typeof ptr>, flags: number) => boolean

let known: MakePipe | null | undefined

function makePipe(): MakePipe | undefined {
  known ??= findPipe() ?? null
  return known ?? undefined
}

/** glibc, then musl. */
function findPipe(): MakePipe | undefined {
  if (process.platform !== 'linux') return undefined
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  for (const library of ['libc.so.6', `libc.musl-${arch}.so.1`])
    try {
      const { symbols } = dlopen(library, { pipe2: { args: [FFIType.ptr, FFIType.i32], returns: FFIType.i32 } })
      return (ends, flags) => symbols.pipe2(ends, flags) === 0
    } catch {}
  return undefined
}

/** Read at once when the command is over soon, else as it comes. */
function keepPipe(from: number, limit: number): Kept {
  const keeper = new Keeper(limit)
  let following: Promise<void> | undefined
  let held = false
  const follow = () => {
    following ??= readInto(keeper, Bun.file(from).stream()).finally(() => closeSync(from))
    return following
  }
  const timer = setTimeout(follow, SOON)
  return {
    drained: async () => {
      clearTimeout(timer)
      if (!following && readAll(from, keeper)) return closeSync(from)
      // Somebody still holds it: a child that goes on.
      if ((await restOf(follow(), keeper, SHORT_GRACE)) === 'ended') return
      held = true
      // The command's own output is in the pipe by now, however late the read comes.
      readAll(from, keeper)
      keeper.end()
    },
    held: () => held,
    bytes: () => keeper.bytes(),
    cut: () => keeper.cut(),
  }
}

/** Reads what a pipe can hold at most. False: it has no end yet. */
function readAll(from: number, keeper: Keeper): boolean {
  for (let size = 0; size < LARGEST_PIPE; ) {
    const piece = Buffer.allocUnsafe(PIECE)
    try {
      const length = readSync(from, piece)
      if (length === 0) return true
      keeper.take(piece.subarray(0, length))
      size += length
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
      throw error
    }
  }
  return false
}
