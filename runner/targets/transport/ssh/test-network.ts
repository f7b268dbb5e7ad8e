/** A network namespace of a test server, and the cable to it. */
import { randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'

export interface OwnNetwork {
  readonly here: string
  readonly there: string
  readonly device: string
}

/** Two addresses out of those that are kept for trying things. */
export function ownNetwork(): OwnNetwork {
  const [a = 0, b = 0] = randomBytes(2)
  const last = b & 0xfc
  return {
    here: `198.18.${a}.${last + 1}`,
    there: `198.18.${a}.${last + 2}`,
    device: `sd${randomBytes(4).toString('hex')}`,
  }
}

/** The namespace has no way out before its cable is plugged in. */
export const WAITS = 'read -r plugged\nip link set lo up\n'

export async function connectTo(
  server: Bun.Subprocess<'pipe' | 'ignore', 'ignore', Bun.BunFile>,
  own: OwnNetwork,
): Promise<void> {
  const namespace = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/net`)
  while (namespace(server.pid) === namespace('self')) await Bun.sleep(5)
  const { here, there, device } = own
  const script = `ip link add ${device}a type veth peer name ${device}b netns ${server.pid}
ip addr add ${here}/30 dev ${device}a
ip link set ${device}a up
nsenter --target ${server.pid} --net ip addr add ${there}/30 dev ${device}b
nsenter --target ${server.pid} --net ip link set ${device}b up`
  const { exitCode, stderr } = Bun.spawnSync(['sh', '-e', '-c', script])
  if (exitCode !== 0) throw new Error(`a network for sshd: ${stderr}`)
  const stdin = server.stdin as Bun.FileSink
  stdin.write('plugged\n')
  await stdin.end()
}
