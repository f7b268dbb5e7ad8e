/** Faults of the machine itself, reached over SSH: it is a network namespace with a server of its own. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMachines, FAR, PEER, type TwoMachines, twoMachines } from '../targets/machine/test-network.ts'
import { type TestServer, testServer } from '../targets/transport/ssh/testing.ts'
import { root } from './testing.ts'
import { eventually } from './testing-containers.ts'

setDefaultTimeout(60_000)

describeMachines('faults of the machine', () => {
  let folder = ''
  let machines: TwoMachines
  let server: TestServer
  let others: Bun.Subprocess[] = []
  beforeAll(async () => {
    folder = mkdtempSync('/tmp/sd-machine-')
    machines = twoMachines()
    server = await testServer({ namespace: { name: machines.far, address: FAR, nameserver: PEER } })
    // One that the machine can reach, and one that it has itself.
    others = [listener(machines.near, 8080), listener(machines.far, 8081)]
    for (const [where, port] of [
      [machines.near, 8080],
      [machines.far, 8081],
    ] as const)
      await eventually(() => machines.ask(where, ['cat', '/proc/net/tcp']).includes(`:${hex(port)} 00000000`))
    writeTargets(server)
  })
  afterAll(async () => {
    for (const one of others) one.kill()
    await server[Symbol.asyncDispose]()
    machines[Symbol.dispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const writeTargets = ({ key, knownHosts, port, spec }: TestServer, more = '') =>
    writeFileSync(
      join(folder, 'targets.yaml'),
      `targets:
  box:
    ssh: { host: ${FAR}, user: ${spec.user}, port: ${port}, identity: ${key}, known-hosts: ${knownHosts} }
${more}    defaults: { lease: 2s }
  here:
    defaults: { lease: 2s }
`,
    )
  const listener = (where: string, port: number) =>
    Bun.spawn(
      machines.into(where, [
        'bun',
        '-e',
        `Bun.serve({ hostname: '0.0.0.0', port: ${port}, fetch: () => new Response('{}') })`,
      ]),
      { stdio: ['ignore', 'ignore', 'ignore'] },
    )
  const comesIn = (port: number) => {
    const script = `exec 3<>/dev/tcp/${FAR}/${port}`
    const { exitCode, stderr } = Bun.spawnSync(machines.into(machines.near, ['timeout', '1', 'bash', '-c', script]))
    return exitCode === 0 ? 'open' : /refused/.test(stderr.toString()) ? 'refused' : 'lost'
  }
  const tables = () => machines.ask(machines.far, ['nft', 'list', 'tables'])
  const mounts = () => readFileSync(`/proc/${server.pid}/mounts`, 'utf8')
  const journals = () => {
    const at = join(server.home, '.shakedown', 'journal')
    return existsSync(at) ? readdirSync(at) : []
  }

  function spawn(name: string, steps: readonly string[], target = 'box') {
    const file = join(folder, `${name}.yaml`)
    writeFileSync(file, `plan: ${name}\ntarget: ${target}\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`)
    return cli([file, '--color', 'never'], target === 'box' ? machines.near : machines.far)
  }

  const cli = (args: readonly string[], where = machines.near) =>
    Bun.spawn(machines.into(where, ['bun', '--no-env-file', join(root, 'runner', 'cli.ts'), ...args]), {
      cwd: folder,
      stdout: 'pipe',
      stderr: 'pipe',
      stdin: 'ignore',
      env: { ...process.env, SSH_CONNECTION: `${PEER} 5000 ${FAR} 2222` },
    })

  const run = (name: string, steps: readonly string[], target = 'box') => ended(spawn(name, steps, target))

  const open = `assert: { tcp: "${PEER}:8080", open: true }`
  const shut = `assert: { run: "timeout 1 bash -c '</dev/tcp/${PEER}/8080'", exit: 124 }`

  test('everything is dropped, both ways, and our session goes on', async () => {
    const { out, code } = await run('everything', [
      open,
      'inject-fault: { partition: [host, [0.0.0.0/0, "::/0"]] }',
      shut,
      // Longer than the lease: it is renewed.
      `hold: { tcp: "${PEER}:8080", open: false, for: 12s }`,
      'run: head -c 3000000 /dev/zero | base64 | wc -c',
      'restore: host',
      open,
    ])
    expect(out).toContain('1 passed')
    expect(out).toContain('packets so far')
    expect(code).toBe(0)
    expect(tables()).toBe('')
  })

  test('each of the network has its effect, proves it, and goes again', async () => {
    const { out, code } = await run('each', [
      `inject-fault: { drop: { from: host, to: ${PEER} } }`,
      shut,
      'restore: host',
      `inject-fault: { drop: { from: ${PEER}, to: host } }`,
      shut,
      'restore: host',
      'inject-fault: { loss: host, percent: 100 }',
      shut,
      'restore: host',
      'inject-fault: { dns: host, names: [a.example] }',
      'restore: host',
      'inject-fault: { dns: host }',
      'restore: host',
      'inject-fault: { loss: host, percent: 5 }',
      'restore: host',
      'inject-fault: { rate: host, to: 1KB/s }',
      'restore: host',
      open,
    ])
    expect(out).toContain('1 passed')
    expect(out).toContain(`no way to ${PEER} any more`)
    expect(code).toBe(0)
    expect(tables()).toBe('')
  })
  test('those who come from outside are refused, but for sessions over SSH', async () => {
    const child = spawn('refused', ['inject-fault: { reject: host }', 'sleep: 60s'])
    await eventually(() => comesIn(8081) === 'refused')
    expect(comesIn(server.port)).toBe('open')
    child.kill('SIGTERM')
    expect(await child.exited).toBe(143)
    expect(comesIn(8081)).toBe('open')
    expect(tables()).toBe('')
  })

  test('without effect fails: nobody can be looked up, and nobody is there to be cut', async () => {
    const { out, code } = await run('nothing', [`inject-fault: { drop: { from: 10.77.0.99, to: host } }`])
    expect(out).toContain('the rules match nothing')
    expect(code).toBe(1)
    expect(tables()).toBe('')
  })

  test('of this machine itself spare its loopback and who is logged in', async () => {
    const { out, code } = await run(
      'here',
      [
        open,
        'inject-fault: { partition: [host, 0.0.0.0/0] }',
        shut,
        'assert: { http: "http://127.0.0.1:8081/" }',
        `assert: { run: nft list ruleset, expect: { stdout: { contains: "ip daddr ${PEER} tcp sport 2222 accept" } } }`,
        'restore: host',
        open,
      ],
      'here',
    )
    expect(out).toContain('1 passed')
    expect(code).toBe(0)
    expect(tables()).toBe('')
  })

  test('its memory, processor, disks and folders', async () => {
    const { out, code } = await run('resources', [
      `inject-fault: { memory: host, to: ${used() + 200}MiB }`,
      'restore: host',
      `inject-fault: { cpu: host, to: ${navigator.hardwareConcurrency - 0.3} }`,
      'restore: host',
      'run: mkdir data small',
      '{ run: mount -t tmpfs -o size=4m tmpfs small, undo: umount small, verify: "! mountpoint -q small" }',
      'inject-fault: { fill-disk: host, path: small, leave: 1MiB }',
      '{ run: head -c 2000000 /dev/zero >small/file, expect: { exit: { gt: 0 } } }',
      'restore: host',
      'run: head -c 2000000 /dev/zero >small/file',
      'inject-fault: { read-only: host, path: data }',
      '{ run: touch data/file, expect: { stderr: { contains: Read-only } , exit: 1 } }',
      'restore: host',
      'run: touch data/file',
      'inject-fault: { file: data/file, mode: "000" }',
    ])
    expect(out).toContain('1 passed')
    expect(out).toMatch(/ready|of \d+ MiB used/)
    expect(out).toMatch(/of \d+ cores taken/)
    expect(code).toBe(0)
    expect(mounts()).not.toContain(`${server.home}/data`)
  })

  test('that can’t be put back safely, or have nothing to hold on to, are skipped with the reason', async () => {
    for (const [fault, why] of [
      ['{ clock: host, shift: 1h }', 'the clock of the machine itself is left alone'],
      ['{ delay: host, by: 1s }', "can't be delayed"],
    ] as const) {
      const { out, code } = await run('skipped', [`inject-fault: ${fault}`])
      expect(out).toContain(why)
      expect([2, 5]).toContain(code)
    }
    const full = await run('full', ['inject-fault: { fill-disk: host, path: / }'])
    expect(full.out).toContain('write leave: 64MiB or more')
    expect(full.code).toBe(1)
    const away = await run('away', ['inject-fault: { read-only: host, path: . }'])
    expect(away.out).toContain('what we put it back with')
    expect(away.code).toBe(1)
  })

  test('the rules end by themselves when guardian and runner are killed, and a restore clears up', async () => {
    const reaches = () =>
      Bun.spawnSync(machines.into(machines.far, ['timeout', '1', 'bash', '-c', `</dev/tcp/${PEER}/8080`]))
    const child = spawn('both', ['inject-fault: { partition: [host, 0.0.0.0/0] }', 'sleep: 60s'])
    await eventually(() => reaches().exitCode !== 0)
    killAllOf(`${server.home}/.shakedown/`)
    child.kill('SIGKILL')
    await child.exited
    await eventually(() => reaches().exitCode === 0)
    expect(tables()).toContain('shakedown')
    const restored = await ended(cli(['restore', '--target', 'box']))
    expect(restored.out).toContain('restored')
    expect(restored.code).toBe(0)
    expect(tables()).toBe('')
    expect(journals()).toEqual([])
  })

  test('an ordinary user’s session is spared, too, of which sudo tells nothing', async () => {
    const namespace = { name: machines.far, address: FAR, nameserver: PEER }
    await using guest = await testServer({ namespace, miner: { sudo: 'miner ALL=(ALL) NOPASSWD: ALL' } })
    writeTargets(guest, '    become: true\n')
    try {
      const { out, code } = await run('guest', [
        'inject-fault: { partition: [host, 0.0.0.0/0] }',
        shut,
        'run: echo still here',
        'restore: host',
        open,
      ])
      expect(out).toContain('1 passed')
      expect(code).toBe(0)
      writeTargets(guest)
      const refused = await run('powerless', ['inject-fault: { loss: host, percent: 5 }'])
      expect(refused.out).toContain('need root on')
      expect(refused.code).toBe(5)
    } finally {
      writeTargets(server)
    }
  })

  test('ends within the lease when the runner is killed, and nothing is left of it', async () => {
    const child = spawn('killed', ['inject-fault: { partition: [host, 0.0.0.0/0] }', 'sleep: 60s'])
    await eventually(() => tables() !== '')
    child.kill('SIGKILL')
    await eventually(() => tables() === '')
    await eventually(() => journals().length === 0)
  })
})

/** MiB of this machine. */
function used(): number {
  const of = (name: string) => Number(new RegExp(`${name}: *(\\d+)`).exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])
  return Math.round((of('MemTotal') - of('MemAvailable')) / 1024)
}

async function ended(child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>) {
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out: out + err, code }
}

/** Of this test alone: the path is. */
function killAllOf(path: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path)) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // it is gone
    }
  }
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
