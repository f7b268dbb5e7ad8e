import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Address, Transport } from '../../contracts/transport.ts'
import { describeConnections } from './conformance/connections.ts'
import { run, until } from './conformance/run.ts'
import { describeTransport } from './conformance.ts'
import { lineTo } from './ssh/test-line.ts'
import {
  describeSsh,
  describeUsers,
  freePort,
  keygen,
  type TestServer,
  type TestServerOptions,
  testServer,
  testSsh,
} from './ssh/testing.ts'
import { type SshSpec, sshTransport } from './ssh.ts'

const servers: TestServer[] = []
const serve = async (options: TestServerOptions = {}) => {
  const server = await testServer(options)
  servers.push(server)
  return server
}
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
})

/** It takes its time, and prints. */
const NOISY = 'echo "Welcome to the machine"; echo oops >&2; sleep 0.05\n'

const NO_PASSWORD = 'miner ALL=(ALL) NOPASSWD: ALL'

describeSsh('over SSH', () => {
  describeTransport('ssh', async () => sshTransport((await serve()).spec))
  describeTransport('ssh with MaxSessions 2 and a login shell that prints', async () =>
    sshTransport((await serve({ config: ['MaxSessions 2'], bashrc: NOISY })).spec),
  )
  describeTransport('ssh without a shell of ours', async () => sshTransport((await serve()).spec, { reads: true }))
})

describeUsers('over SSH, as an ordinary user', () => {
  describeTransport('ssh by sudo', async () => {
    const { spec } = await serve({ miner: { sudo: NO_PASSWORD } })
    return sshTransport({ ...spec, become: true })
  })
  describeTransport('ssh behind a jump host', async () => sshTransport(await behind(await serve({ miner: {} }))))
  describeTransport('ssh where sh is bash', async () => sshTransport((await serve({ sh: '/bin/bash' })).spec))
  test('a host with hardly any memory for files runs commands all the same', async () => {
    await opened((await serve({ memory: '128k' })).spec, async (transport) => {
      const stdin = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index % 97) + 10)
      const ran = await Promise.all(Array.from({ length: 4 }, () => run(transport, { argv: ['cksum'] }, { stdin })))
      expect(new Set(ran.map(({ out }) => out)).size).toBe(1)
      expect((await run(transport, { argv: ['cat'] }, { stdin: 'short' })).out).toBe('short')
      const { stdout, cut } = await run(transport, { sh: 'head -c 1000000 /dev/zero' })
      expect([stdout.length < 1_000_000, cut.stdout]).toEqual([true, true])
      expect((await run(transport, { argv: ['cat'] }, { stdin: 'again' })).out).toBe('again')
    })
  })
  test('a socket that is root’s is reached by sudo, and only so', async () => {
    const { spec, folder } = await serve({ miner: { sudo: NO_PASSWORD } })
    const path = join(folder, 'root')
    const daemon = createServer((socket) => socket.end('root here'))
    await new Promise<void>((done) => daemon.listen(path, done))
    chmodSync(path, 0o600)
    const never = new AbortController().signal
    await opened({ ...spec, become: true }, async (transport) => {
      const chunks = await Array.fromAsync(await transport.connect({ path }, never))
      expect(Buffer.concat(chunks as Buffer[]).toString()).toBe('root here')
    })
    await opened(spec, async (transport) => {
      expect(await transport.connect({ path }, never).catch((error) => error.code)).toBe('EACCES')
    })
    daemon.close()
  })
  test('a sudo that asks for a password is told', async () => {
    const { spec } = await serve({ miner: {} })
    expect(await whyNot({ ...spec, become: true })).toMatch(
      /`become: true` needs `sudo -n` to work without a password, and it says: .*sudo: a password is required/,
    )
  })
  test('a login shell that runs nothing is told', async () => {
    const { spec } = await serve({ miner: { shell: '/usr/sbin/nologin' } })
    expect(await whyNot(spec)).toContain('the login shell of miner runs no commands: This account is currently not')
  })
})

/** The way to a server by another one. */
async function behind(host: TestServer): Promise<SshSpec> {
  const jump = await serve()
  const both = join(host.folder, 'both')
  writeFileSync(both, readFileSync(jump.knownHosts, 'utf8') + readFileSync(host.knownHosts, 'utf8'))
  writeFileSync(join(jump.folder, 'authorized'), readFileSync(`${host.key}.pub`))
  return { ...host.spec, knownHosts: both, jump: `${jump.spec.user}@127.0.0.1:${jump.port}` }
}

const opened = async (spec: SshSpec, work: (transport: Transport) => Promise<void>) => {
  await using transport = await sshTransport(spec)
  await work(transport)
}
const whyNot = async (spec: SshSpec) =>
  sshTransport(spec).then(
    () => 'it let us in',
    (error) => `${error.is}: ${error.message}`,
  )

describeSsh('a host that does not let us in says what to do', () => {
  test('unknown, refused, of an unknown key, of a changed key', async () => {
    const { spec, port, folder, knownHosts } = await serve()
    expect(await whyNot({ ...spec, host: 'no-such-host.invalid' })).toStartWith(
      'target: there is no host no-such-host.invalid: check the address',
    )
    expect(await whyNot({ ...spec, port: await freePort() })).toContain('refuses connections on port')
    const none = join(folder, 'none')
    expect(await whyNot({ ...spec, knownHosts: none })).toMatch(
      new RegExp(
        `is not in ${none}; its key is ssh-ed25519 SHA256:.* type: ssh-keyscan -p ${port} 127.0.0.1 >>${none}`,
      ),
    )
    keygen(join(folder, 'other'))
    const changed = join(folder, 'changed')
    writeFileSync(changed, `[127.0.0.1]:${port} ${readFileSync(join(folder, 'other.pub'), 'utf8')}`)
    expect(await whyNot({ ...spec, knownHosts: changed })).toContain(
      `type: ssh-keygen -R '[127.0.0.1]:${port}' -f ${changed}`,
    )
    expect(readFileSync(knownHosts, 'utf8')).toContain(`[127.0.0.1]:${port}`)
  })
  test('a new one is taken where that is allowed, and known the next time', async () => {
    const { spec, folder } = await serve()
    const knownHosts = join(folder, 'new', 'known_hosts')
    await opened({ ...spec, knownHosts, acceptNew: true }, async () => undefined)
    expect(existsSync(knownHosts)).toBe(true)
    await opened({ ...spec, knownHosts }, async () => undefined)
  })
  test('a key that it does not know, one with a passphrase, none', async () => {
    const { spec, folder } = await serve()
    const wrong = join(folder, 'wrong')
    keygen(wrong)
    expect(await whyNot({ ...spec, identities: [wrong] })).toContain(`does not let ${spec.user} in: tried ${wrong}`)
    const locked = join(folder, 'locked')
    keygen(locked, 'open sesame')
    expect(await whyNot({ ...spec, identities: [locked] })).toContain(`${locked} needs a passphrase`)
    expect(await whyNot({ ...spec, identities: [locked], passphrase: 'wrong' })).toContain(
      `the passphrase does not open ${locked}`,
    )
    writeFileSync(join(folder, 'authorized'), readFileSync(`${locked}.pub`))
    await opened({ ...spec, identities: [locked], passphrase: 'open sesame' }, async () => undefined)
    // Deriving a key from a passphrase takes its time.
  }, 30_000)
  test('a login shell that runs no commands', async () => {
    const { spec } = await serve({ config: ['ForceCommand echo "This account is not available."; exit 1'] })
    expect(await whyNot(spec)).toBe(
      `target: ssh://${spec.user}@127.0.0.1:${spec.port}: the login shell of ${spec.user} runs no commands: This account is not available.`,
    )
  })
  const FORBIDS = ['AllowTcpForwarding no', 'AllowStreamLocalForwarding no']
  describe('connections that the server forbids are made by a program there', () => {
    let forbids: Transport
    beforeAll(async () => {
      forbids = await sshTransport((await serve({ config: FORBIDS, bashrc: NOISY })).spec)
    })
    afterAll(() => forbids[Symbol.asyncDispose]())
    describeConnections(() => forbids)
  })
  test('connections that the server forbids, where no program can make them', async () => {
    const { spec, folder, home } = await serve({ config: FORBIDS })
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    for (const name of readdirSync('/usr/bin'))
      if (!/^(perl|socat|docker)/.test(name)) symlinkSync(join('/usr/bin', name), join(bin, name))
    writeFileSync(join(home, '.bashrc'), `PATH=${bin}\n`)
    await opened(spec, async (transport) => {
      const never = new AbortController().signal
      const message = (to: Address) => transport.connect(to, never).catch((error) => error.message)
      expect(await message({ host: '127.0.0.1', port: 1 })).toMatch(/allow AllowTcpForwarding.* or install perl/)
      expect(await message({ path: '/dev/null' })).toContain('that needs perl, socat or docker there')
    })
  })
})

testSsh('the agent’s keys are tried', async () => {
  const { spec, folder, key } = await serve()
  const socket = join(folder, 'agent')
  const agent = Bun.spawn(['ssh-agent', '-D', '-a', socket], { stdio: ['ignore', 'ignore', 'ignore'] })
  await until(() => existsSync(socket), 'the agent listens')
  const config = join(folder, 'moved')
  Bun.spawnSync(['mv', key, config])
  Bun.spawnSync(['ssh-add', '-q', config], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
  Bun.spawnSync(['rm', config])
  const before = process.env['SSH_AUTH_SOCK']
  try {
    process.env['SSH_AUTH_SOCK'] = socket
    // Only its public part is left: the agent has the rest.
    await opened(spec, async (transport) => expect((await run(transport, { argv: ['true'] })).code).toBe(0))
  } finally {
    if (before === undefined) delete process.env['SSH_AUTH_SOCK']
    else process.env['SSH_AUTH_SOCK'] = before
    agent.kill()
    await agent.exited
  }
})

testSsh('the way may go through another host', async () => {
  const host = await serve()
  const spec = await behind(host)
  await opened(spec, async (transport) => {
    const { out } = await run(transport, { sh: 'echo "$SSH_CONNECTION"' })
    expect(out.trim()).toEndWith(` ${host.port}`)
    expect(transport.address).toBe(`ssh://${spec.user}@127.0.0.1:${host.port}`)
  })
})

testSsh(
  'a command that never stops talking fills nothing on the host',
  async () => {
    await opened((await serve()).spec, async (transport) => {
      const talking = run(transport, { sh: 'head -c 1000000000 /dev/zero; echo "$?" >&2' }, { keep: 1_000 })
      const sizes: number[] = []
      const size = 'du -sk "$(readlink "/proc/$(ps -o ppid= -p $$ | tr -d " ")/fd/4" | sed "s,/[^/]*$,,")"'
      for (let over = false; !over; ) {
        sizes.push(Number.parseInt((await run(transport, { sh: size })).out, 10))
        over = await Promise.race([talking.then(() => true), Bun.sleep(20).then(() => false)])
      }
      const { stdout, err, cut } = await talking
      expect([stdout.length, err, cut.stdout]).toEqual([1_000, '0\n', true])
      expect(Math.max(...sizes)).toBeLessThan(1_000)
    })
  },
  20_000,
)

testSsh(
  'a thousand commands leave nothing of them behind',
  async () => {
    await opened((await serve()).spec, async (transport) => {
      for (let round = 0; round < 20; round++)
        await Promise.all(Array.from({ length: 50 }, () => run(transport, { argv: ['true'] })))
      const shell = 'pid=$(ps -o ppid= -p $$); pid=$(ps -o ppid= -p $pid); ps -o pid= --ppid $pid | wc -l'
      expect(Number((await run(transport, { sh: shell })).out)).toBeLessThan(60)
    })
  },
  60_000,
)

testSsh('cases share one connection', async () => {
  const { spec, folder } = await serve()
  const logins = () => readFileSync(join(folder, 'log'), 'utf8').match(/Accepted publickey/g)?.length
  const work = () => opened(spec, async (transport) => expect((await run(transport, { sh: 'echo x' })).out).toBe('x\n'))
  await Promise.all(Array.from({ length: 8 }, work))
  await work()
  expect(logins()).toBe(1)
})

describeSsh('a connection that is cut', () => {
  test('leaves the outcome unknown, ends the command, and the next one has a new one', async () => {
    const { spec, cut, folder } = await serve()
    await opened(spec, async (transport) => {
      const pid = join(folder, 'pid-of-command')
      const running = run(transport, { sh: `echo $$ >${pid}.new; mv ${pid}.new ${pid}; sleep 60` }).catch((e) => e)
      await until(() => existsSync(pid), 'the command runs')
      await cut()
      expect(await running).toMatchObject({ is: 'target', transient: true, unknownOutcome: true })
      expect((await run(transport, { sh: 'echo again' })).out).toBe('again\n')
      const alive = async () => (await run(transport, { sh: `kill -0 ${readFileSync(pid, 'utf8')}` })).code === 0
      await until(async () => !(await alive()), 'the command is gone')
    })
  })
  test('without anybody being told shows within seconds', async () => {
    const { spec, port, knownHosts } = await serve()
    await using line = await lineTo(port)
    writeFileSync(knownHosts, readFileSync(knownHosts, 'utf8').replace(`:${port}`, `:${line.port}`))
    await opened({ ...spec, port: line.port }, async (transport) => {
      const begun = await run(transport, { sh: 'echo begun' })
      const running = run(transport, { sh: 'sleep 60' }).catch((error) => error)
      line.silence()
      expect(await running).toMatchObject({ is: 'target', transient: true, unknownOutcome: true })
      expect((await run(transport, { sh: 'echo begun' })).out).toBe(begun.out)
    })
  }, 30_000)
  test('is told to whoever reads from a socket', async () => {
    const { spec, cut } = await serve()
    const echo = createServer((socket) => socket.pipe(socket))
    await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done))
    const { port } = echo.address() as { port: number }
    await opened(spec, async (transport) => {
      const socket = await transport.connect({ host: '127.0.0.1', port }, new AbortController().signal)
      const closed = new Promise<void>((done) => socket.resume().once('close', () => done()))
      await cut()
      await closed
    })
    echo.close()
  })
  test('does not end what was spawned, which sees the end of its stdin', async () => {
    const { spec, cut, folder } = await serve()
    await opened(spec, async (transport) => {
      const file = join(folder, 'said')
      const script = 'echo "hello $1"; read -r line; echo "$line" >"$2"; read -r line || echo end >>"$2"'
      const spawned = await transport.spawn?.(script, ["it's me", file])
      expect(await spawned?.said).toBe("hello it's me")
      expect(spawned?.tell('one line')).toBe(true)
      await until(() => existsSync(file), 'it was told')
      await cut()
      await spawned?.ended
      await until(() => readFileSync(file, 'utf8') === 'one line\nend\n', 'it has seen the end')
    })
  })
  test('leaves no files of ours', async () => {
    const { spec, cut } = await serve()
    await opened(spec, async (transport) => {
      const folder = (await run(transport, { sh: 'readlink "/proc/$(ps -o ppid= -p $$ | tr -d " ")/fd/4"' })).out.trim()
      expect(folder).toContain('.shakedown-')
      await cut()
      await until(() => !existsSync(folder), 'the folder is gone')
    })
  })
})
