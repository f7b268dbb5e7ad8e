/** The lock of a target on another machine: the same folders and files as `lock.ts` makes, by `sh`, and seen by whoever runs plans on that machine itself. */
import { posix } from 'node:path'
import { TargetError } from '../contracts/errors.ts'
import type { Transport } from '../contracts/transport.ts'
import { hostname, isAlive } from './identity.ts'
import {
  BEATS_WITHIN,
  busy,
  fileNameOf,
  type Holder,
  holderOf,
  type LockMode,
  type TookOver,
  type Who,
} from './lock.ts'

const LIMIT = 30_000
const BEAT_EVERY = 3_000
/** Exit code of ours: somebody else holds it. */
const BUSY = 75

/**
 * `look FOLDER` prints who holds it in there, and removes who is gone: the machine was booted since, the process of this
 * machine ended, or the runner elsewhere did not beat for so long. No wall clock: a plan may be breaking it.
 */
const SHELL = `
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
now() { cut -d. -f1 /proc/uptime 2>/dev/null || echo 0; }
field() { sed -n 's/.*"'"$2"'":"\\{0,1\\}\\([^,"}]*\\).*/\\1/p' "$1"; }
gone() {
  ago=
  case " $dead " in *" $(basename "$1") "*) return 0 ;; esac
  if [ -e "$1.beat" ]; then
    then= at=
    { read -r then at <"$1.beat"; } 2>/dev/null
    [ -n "$at" ] || return 1
    [ "$then" = "$boot" ] || return 0
    ago=$(($(now) - $at))
    [ $ago -gt ${BEATS_WITHIN} ]
    return
  fi
  [ "$(field "$1" host)" = "$(uname -n)" ] || return 1
  [ "$(field "$1" bootId)" = "$boot" ] || return 0
  pid=$(field "$1" pid)
  kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ] || return 0
  [ ! -e "/proc/$pid/stat" ] || [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)" = "$(field "$1" started)" ] || return 0
  return 1
}
look() {
  held=
  for file in "$folder/$1"/*.json; do
    [ -e "$file" ] && [ "$(basename "$file")" != "$name" ] || continue
    if gone "$file"; then
      [ -n "$only" ] && continue
      echo "gone 0 $(basename "$file") $(cat "$file")"
      rm -f "$file" "$file.beat" "$file.beat.new"
    else
      echo "held \${ago:-0} $(basename "$file") $(cat "$file")"
      held=yes
    fi
  done
}
# Replaced at once: who read an empty one took its holder for gone.
beat() { printf '%s %s\\n' "$boot" "$(now)" >"$1.beat.new" && mv -f "$1.beat.new" "$1.beat"; }
release() {
  rm -f "$folder/$1/$name" "$folder/$1/$name.beat" "$folder/$1/$name.beat.new"
  cd / && rmdir "$folder/exclusive" "$folder/shared" "$folder" "\${folder%/*}" "\${folder%/*/*}" 2>/dev/null
}
write() {
  printf '%s\\n' "$holder" >"$folder/$1/$name" && beat "$folder/$1/$name" && return
  # Whoever let go meanwhile has removed the folder, which was empty.
  if [ -e "$folder/$1/$name" ] || { [ -d "$folder/$1" ] && [ ! -w "$folder/$1" ]; }; then code=1; else code=${BUSY}; fi
  release "$1"
  exit $code
}
`

/** A folder that is empty is one that its holder left, or has not written to yet: in doubt both let go. */
const TAKE: Readonly<Record<LockMode, string>> = {
  exclusive: `${SHELL}
umask 077
mkdir -p "$folder" 2>/dev/null || mkdir -p "$folder" || exit 1
if ! mkdir "$folder/exclusive" 2>/dev/null; then
  look exclusive
  [ -z "$held" ] || exit ${BUSY}
  rmdir "$folder/exclusive" 2>/dev/null
  mkdir "$folder/exclusive" 2>/dev/null || exit ${BUSY}
fi
write exclusive
look exclusive
[ -n "$held" ] || look shared
[ -z "$held" ] || { release exclusive; exit ${BUSY}; }`,
  shared: `${SHELL}
umask 077
mkdir -p "$folder/shared" 2>/dev/null || mkdir -p "$folder/shared" || exit 1
write shared
look exclusive
[ -z "$held" ] || { release shared; exit ${BUSY}; }`,
}

const LOOK = `${SHELL}
only=yes
look exclusive
[ "$mode" = shared ] || look shared`

/** Throws a BusyError that names the holder, and a TargetError when nothing can be written there. */
export async function takeLockThere(
  transport: Transport,
  folder: string,
  mode: LockMode,
  who: Who,
  tookOver: TookOver = () => undefined,
): Promise<AsyncDisposable> {
  const holder = holderOf(who)
  const name = fileNameOf(holder)
  const there = new LockThere(transport, folder, name)
  await there.take(mode, holder, tookOver)
  const own = posix.join(folder, mode, name)
  const timer = setInterval(() => void there.beat(own).catch(() => undefined), BEAT_EVERY)
  timer.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      // A machine that is away hears no more beats, and whoever comes next takes it over.
      await there.release(mode).catch(() => undefined)
    },
  }
}

/** Who holds the lock in a way that `mode` can't share. Only looks. */
export async function lockedThere(transport: Transport, folder: string, mode: LockMode): Promise<Holder | undefined> {
  const { seen } = await new LockThere(transport, folder, '').run(LOOK, { mode })
  return seen.find(({ word, holder }) => word === 'held' && !isDeadHere(holder))?.holder
}

interface Seen {
  readonly word: string
  /** Seconds since its last beat. */
  readonly ago: number
  readonly file: string
  readonly holder: Holder
}

class LockThere {
  readonly #transport: Transport
  readonly #folder: string
  readonly #name: string

  constructor(transport: Transport, folder: string, name: string) {
    this.#transport = transport
    this.#folder = folder
    this.#name = name
  }

  async take(mode: LockMode, holder: Holder, tookOver: TookOver): Promise<void> {
    for (let dead: readonly string[] = []; ; ) {
      const { code, seen, said } = await this.run(TAKE[mode], { holder: JSON.stringify(holder), dead: dead.join(' ') })
      for (const one of seen) if (one.word === 'gone') tookOver(one.holder)
      if (code === 0) return
      if (code !== BUSY)
        throw new TargetError(
          `nothing was changed, since the lock ${this.#folder} on ${this.#transport.address} can't be taken: ${said || `exit ${code}`}`,
        )
      const held = seen.filter(({ word }) => word === 'held')
      // A process of ours that is gone needs no patience: its beats ended with it.
      const gone = held.filter((one) => isDeadHere(one.holder) && !dead.includes(one.file))
      if (gone.length === 0) throw busyThere(held[0])
      dead = [...dead, ...gone.map(({ file }) => file)]
    }
  }

  async beat(file: string): Promise<void> {
    await this.run(`${SHELL}\n[ ! -e "$file" ] || beat "$file"`, { file })
  }

  async release(mode: LockMode): Promise<void> {
    await this.run(`${SHELL}\nrelease ${mode}`, {})
  }

  async run(sh: string, set: Readonly<Record<string, string>>) {
    const all = { dead: '', only: '', holder: '', ...set, folder: this.#folder, name: this.#name }
    const never = new AbortController().signal
    const exit = await this.#transport.exec({ sh, set: all }, { timeout: LIMIT, cwd: '/' }, never)
    const said = Buffer.from(exit.stderr).toString().trim().split('\n').at(-1) ?? ''
    return { code: exit.code, said, seen: Buffer.from(exit.stdout).toString().split('\n').flatMap(seenIn) }
  }
}

function seenIn(line: string): Seen[] {
  const [, word = '', ago, file = '', json = ''] = /^(\w+) (\d+) (\S+) (\{.*)$/.exec(line) ?? []
  try {
    return word === '' ? [] : [{ word, ago: Number(ago), file, holder: JSON.parse(json) as Holder }]
  } catch {
    return []
  }
}

function isDeadHere(holder: Holder): boolean {
  return holder.host === hostname() && !isAlive(holder)
}

function busyThere(seen: Seen | undefined) {
  const silent = seen && seen.ago > 2 * (BEAT_EVERY / 1_000)
  return busy(seen?.holder, silent ? `, silent for ${seen.ago} s, which is taken for gone after ${BEATS_WITHIN} s` : '')
}
