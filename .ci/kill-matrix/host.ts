/** A host of its own behind an OpenSSH server: in a network namespace, where packets can be dropped without a word. */
import { type TestServer, testServer } from '../../runner/targets/transport/ssh/testing.ts'
import { mountDisk, unmount } from './disk.ts'

export interface Host extends AsyncDisposable {
  readonly server: TestServer
  /** Shell that ends the processes which serve connections. */
  readonly cut: string
  /** Shell that drops every packet for some seconds; undefined where that can't be had. */
  readonly drop: string | undefined
}

/** Longer than the lease, and than it takes the runner to see that nobody answers. */
const SILENT_FOR = 10

export async function startHost(): Promise<Host> {
  const server = await testServer({ network: canNetwork(), home: mountDisk })
  return {
    server,
    cut: `for pid in $(cat /proc/${server.pid}/task/${server.pid}/children); do
  kill -9 $(cat /proc/$pid/task/$pid/children 2>/dev/null | tr ' ' '\\n' | while read -r one; do grep -qs sshd /proc/$one/comm && echo $one; done) $pid
done 2>/dev/null`,
    drop: canNetwork() ? dropping(server.pid) : undefined,
    [Symbol.asyncDispose]: async () => {
      unmount(server.home)
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Root, and a kernel that gives a network namespace and packet rules. */
export function canNetwork(): boolean {
  if (process.getuid?.() !== 0 || Bun.which('nft') === null || Bun.which('ip') === null) return false
  return Bun.spawnSync(['unshare', '-n', 'nft', 'add', 'table', 'inet', 'try']).exitCode === 0
}

function dropping(pid: number): string {
  const inside = `nsenter --target ${pid} --net nft`
  return `${inside} 'add table inet silence; add chain inet silence all { type filter hook input priority 0; policy drop; }'
(sleep ${SILENT_FOR}; ${inside} delete table inet silence) </dev/null >/dev/null 2>&1 &`
}
