/** For tests: two machines with a network of their own between them, so that nothing of this one's is touched. */
import { describe } from 'bun:test'
import { describeSsh } from '../transport/ssh/testing.ts'

/** Where the runner is, and two more addresses that others have there. */
export const NEAR = '10.77.0.1'
export const PEER = '10.77.0.3'
/** The machine that is broken. */
export const FAR = '10.77.0.2'

const reason = whyNot()
/** Tests that need network namespaces and nft: skipped with the reason where they can't be had, but never on CI. */
export const describeMachines =
  reason === undefined || process.env['SHAKEDOWN_REQUIRE_ALL'] !== undefined ? describeSsh : skipped(reason)

function skipped(why: string) {
  console.log(`skipped: ${why}`)
  return describe.skip
}

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces for a test'
  for (const program of ['ip', 'nft', 'nsenter', 'unshare'])
    if (Bun.which(program) === null)
      return `there is no \`${program}\` here (apt-get install iproute2 nftables util-linux)`
  const tried = Bun.spawnSync([
    'unshare',
    '-nm',
    'sh',
    '-c',
    'ip link add va type veth peer name vb && nft add table inet t',
  ])
  return tried.exitCode === 0 ? undefined : `no network can be made here: ${tried.stderr.toString().trim()}`
}

export interface TwoMachines extends Disposable {
  readonly near: string
  readonly far: string
  /** Puts a command into the network of one. */
  into(namespace: string, argv: readonly string[]): string[]
  /** What a command says there. */
  ask(namespace: string, argv: readonly string[]): string
}

export function twoMachines(): TwoMachines {
  const near = `sd-near-${process.pid}`
  const far = `sd-far-${process.pid}`
  const into = (namespace: string, argv: readonly string[]) => ['nsenter', `--net=/run/netns/${namespace}`, ...argv]
  const must = (argv: readonly string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...argv])
    if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr.toString()}`)
    return stdout.toString()
  }
  for (const name of [near, far]) must(['ip', 'netns', 'add', name])
  must(['ip', '-n', near, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth0', 'netns', far])
  for (const [name, address] of [
    [near, NEAR],
    [near, PEER],
    [far, FAR],
  ] as const)
    must(['ip', '-n', name, 'addr', 'add', `${address}/24`, 'dev', 'veth0'])
  for (const name of [near, far])
    for (const link of ['lo', 'veth0']) must(['ip', '-n', name, 'link', 'set', link, 'up'])
  return {
    near,
    far,
    into,
    ask: (namespace, argv) => must(into(namespace, argv)),
    [Symbol.dispose]: () => {
      for (const name of [near, far]) Bun.spawnSync(['ip', 'netns', 'del', name])
    },
  }
}
