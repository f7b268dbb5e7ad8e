/** The machine whose units they are, asked in its own `sh`. */
import { TargetError } from '../../../contracts/errors.ts'
import type { ExecOptions, Transport } from '../../../contracts/transport.ts'

const LIMIT = 30_000
const never = new AbortController().signal

export interface Asking extends Pick<ExecOptions, 'timeout' | 'stdin'> {
  /** Shell variables. */
  readonly set?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Machine {
  readonly transport: Transport
  /** `systemd 252 (252.39-1~deb12u2)`. */
  readonly version: string
  /** Cgroup v2 and nothing else: systemd then freezes units in the kernel. */
  readonly freezer: boolean
  /** What a script prints. Throws a TargetError with what it complains of. */
  ask(script: string, options?: Asking): Promise<string>
  /** Why units of it can't be changed by us. */
  readonly unprivileged: string | undefined
  /** Why nothing can be read in its journal. */
  readonly blind: string | undefined
}

/** Throws a TargetError on a machine that another program than systemd has started. */
export async function machineBehind(transport: Transport): Promise<Machine> {
  const ask = (script: string, options: Asking = {}) => askOf(transport, script, options)
  const said = new Map((await ask(ABOUT)).split('\n').map((line) => line.split('=', 2) as [string, string]))
  const where = transport.address === 'local' ? 'this machine' : transport.address
  if (said.get('booted') !== 'yes')
    throw new TargetError(
      `${where} was not booted with systemd (/run/systemd/system is missing), so it has no units: take the runtime that its services belong to, process or docker`,
    )
  if (said.get('systemctl') !== 'yes')
    throw new TargetError(`there is no systemctl on ${where}: install systemd’s tools`)
  const user = said.get('user') ?? 'who runs this'
  const root =
    transport.address === 'local' ? 'run it as root' : 'write `become: true` beside `ssh:`, or log in as root'
  return {
    transport,
    ask,
    version: said.get('version') ?? '',
    freezer: said.get('freezer') === 'yes',
    unprivileged: said.get('may') === 'yes' ? undefined : `${user} may not change units of ${where}: ${root}`,
    blind:
      said.get('journal') === 'yes'
        ? undefined
        : `${user} can’t read the journal of ${where}: add ${user} to the group systemd-journal, or ${root}`,
  }
}

/** While systemd or its bus starts anew. */
const NOT_NOW = /Failed to connect to bus|Connection (reset|refused|timed out)|Transport endpoint/

/** Polkit may let others than root do it. */
const ABOUT = `user=$(id -un)
echo "user=$user"
[ -d /run/systemd/system ] && echo booted=yes
command -v systemctl >/dev/null && echo systemctl=yes && echo "version=$(systemctl --version | head -n 1)"
[ -e /sys/fs/cgroup/cgroup.controllers ] && echo freezer=yes
if [ "$(id -u)" = 0 ] || pkcheck --action-id org.freedesktop.systemd1.manage-units --process $$ >/dev/null 2>&1; then echo may=yes; fi
case $(journalctl --no-pager -n 0 2>&1) in
  *permission* | *"not seeing messages"* | *"not found"*) ;;
  *) echo journal=yes ;;
esac
exit 0`

async function askOf(transport: Transport, script: string, options: Asking): Promise<string> {
  const { set, signal = never, timeout = LIMIT, stdin } = options
  const exit = await transport.exec({ sh: script, set }, { timeout, stdin, cwd: '/' }, signal)
  if (exit.code === 0) return Buffer.from(exit.stdout).toString()
  if (exit.timedOut) throw new TargetError('systemd does not answer in time', { transient: true })
  const said = Buffer.from(exit.stderr).toString().trim()
  throw new TargetError(said || `systemctl exits with ${exit.code}`, { transient: NOT_NOW.test(said) })
}
