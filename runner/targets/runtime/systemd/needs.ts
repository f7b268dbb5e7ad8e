/** What a target of units stands on. */
import type { Need, Transport } from '../../../contracts/target.ts'

export async function systemdNeeds(transport: Transport): Promise<readonly Need[]> {
  const sh = `[ -d /run/systemd/system ] && echo booted
command -v systemctl >/dev/null 2>&1 && echo systemctl && systemctl --version | head -n 1
command -v journalctl >/dev/null 2>&1 && echo journalctl
[ -e /sys/fs/cgroup/cgroup.controllers ] && echo freezer
exit 0`
  const exit = await transport.exec({ sh }, { cwd: '/', timeout: 10_000 }, new AbortController().signal)
  const lines = Buffer.from(exit.stdout).toString().split('\n')
  const has = (word: string) => lines.includes(word)
  const version = lines.find((line) => line.startsWith('systemd ')) ?? ''
  return [
    has('booted') && has('systemctl')
      ? { name: 'systemd', there: true, says: version }
      : {
          name: 'systemd',
          there: false,
          says: 'this machine was not booted with systemd',
          todo: 'use runtime process or docker',
        },
    has('journalctl')
      ? { name: 'journal', there: true, says: 'journalctl' }
      : { name: 'journal', there: false, says: 'there is no journalctl', for: 'logs of units' },
    has('freezer')
      ? { name: 'freezer', there: true, says: 'cgroup v2' }
      : { name: 'freezer', there: false, says: 'no cgroup v2', for: '`pause` by the kernel (else by signals)' },
  ]
}
