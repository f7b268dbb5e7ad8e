import { describe, expect } from 'bun:test'
import { isError } from '../../../contracts/errors.ts'
import type { Service } from '../../../contracts/target.ts'
import type { Transport } from '../../../contracts/transport.ts'
import { run, until } from '../../transport/conformance/run.ts'
import { container, engine, never, opened, served, transport, useContainers } from './test-containers.ts'
import { bareImage } from './test-images.ts'
import { prepare, dockerTest as test } from './testing.ts'

useContainers()
let web: Service
let name = ''
/** A container as a machine that commands are run on. */
const inside = (service = () => web): Transport => ({
  ...transport,
  exec: (command, options, signal) => service().exec(command, options, signal),
})

prepare(async () => {
  ;({ name, web } = await served({ body: { Env: ['FROM_IMAGE=yes'], WorkingDir: '/srv' } }))
})

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

describe('words arrive as they are', () => {
  const words = [
    PRINTABLE,
    '',
    ' ',
    'two\nlines\n',
    '\t',
    'žluťoučký 😀',
    '-n',
    '--',
    '$(false)',
    '`false`',
    "it's",
    '\\',
  ]
  test('in an argv, as values of a script, and as environment', async () => {
    const { out } = await run(inside(), { argv: ['printf', '%s\\0', ...words] })
    expect(out.split('\0').slice(0, -1)).toEqual(words)
    const set = Object.fromEntries(words.map((word, index) => [`SD_${index}`, word]))
    const list = words.map((_, index) => `"$SD_${index}"`).join(' ')
    expect((await run(inside(), { sh: `printf '%s\\0' ${list}`, set })).out).toBe(out)
    expect((await run(inside(), { sh: `printf '%s\\0' ${list}` }, { env: set })).out).toBe(out)
  })
})

describe('scripts', () => {
  test('see no values of theirs in an argv, with stdin or without', async () => {
    for (const stdin of [undefined, 'in\n']) {
      const { out } = await run(
        inside(),
        { sh: 'cat /proc/*/cmdline 2>/dev/null | tr "\\0" " "; echo $SD_1 | wc -c', set: { SD_1: 'hidden' } },
        { stdin },
      )
      expect(out).not.toContain('hidden')
      expect(out).toEndWith('7\n')
    }
  })
  test('have an empty stdin of their own, or the one that is given', async () => {
    expect((await run(inside(), { sh: 'cat\necho after' })).out).toBe('after\n')
    const ran = await run(inside(), { sh: 'read -r first; echo "<$first>"; cat' }, { stdin: 'one\ntwo\n' })
    expect(ran.out).toBe('<one>\ntwo\n')
  })
  test('can be longer than an argv, empty, or wrong, and then nothing of it runs', async () => {
    expect((await run(inside(), { sh: `# ${'x'.repeat(300_000)}\necho long` })).out).toBe('long\n')
    expect((await run(inside(), { sh: '' })).code).toBe(0)
    const { code, out, err } = await run(inside(), { sh: 'echo before\nif true; then' })
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('yntax error')
  })
  test('run by another shell where one is asked for', async () => {
    expect((await run(inside(), { sh: 'echo $BASH_VERSION' }, { shell: 'bash' })).out).not.toBe('\n')
    const { out } = await run(inside(), { sh: 'echo ${BASH_VERSION%%.*}; cat' }, { shell: 'bash', stdin: 'x' })
    expect(out).toMatch(/^\d+\nx$/)
  })
})

describe('how a command ended', () => {
  test.each([0, 1, 42, 125, 126, 127, 255])('exit %d', async (code) => {
    expect((await run(inside(), { sh: `exit ${code}` })).code).toBe(code)
    expect((await run(inside(), { argv: ['sh', '-c', `exit ${code}`] })).code).toBe(code)
  })
  test('by a signal: 128 and its number', async () => {
    expect((await run(inside(), { sh: 'kill -9 $$; sleep 5' })).code).toBe(137)
    expect((await run(inside(), { argv: ['sh', '-c', 'kill -TERM $$; sleep 5'] })).code).toBe(143)
  })
  test('not found is 127, not to be run is 126, and both say so', async () => {
    for (const command of [{ argv: ['no-such-command'] }, { sh: 'no-such-command' }]) {
      const { code, err, out } = await run(inside(), command)
      expect([code, out]).toEqual([127, ''])
      expect(err).toContain('no-such-command: not found')
    }
    expect(await run(inside(), { argv: ['/etc/passwd'] })).toMatchObject({ code: 126, out: '' })
    const folder = await run(inside(), { argv: ['true'] }, { cwd: '/no/such/folder' })
    expect([folder.code, folder.err]).toEqual([127, expect.stringContaining('/no/such/folder')])
  })
  test('output is kept apart and binary, and cut where it is said to be', async () => {
    expect(await run(inside(), { sh: "printf 'a\\nb'; printf c >&2" })).toMatchObject({ out: 'a\nb', err: 'c' })
    expect([...(await run(inside(), { argv: ['printf', '\\000\\001\\377\\200'] })).stdout]).toEqual([0, 1, 255, 128])
    const cut = await run(inside(), { sh: 'head -c 5000000 /dev/zero; echo end >&2' }, { keep: 1_000 })
    expect([cut.stdout.length, cut.cut, cut.err]).toEqual([1_000, { stdout: true, stderr: false }, 'end\n'])
    expect((await run(inside(), { argv: ['printf', '12345'] }, { keep: 5 })).cut.stdout).toBe(false)
  })
  test('does not wait for a child that goes on, tells of it, and ends it', async () => {
    for (const child of ['sleep 4713', 'while :; do echo tick; sleep 0.05; done']) {
      const ran = await run(inside(), { sh: `(${child}) & echo started` })
      expect(ran.duration).toBeLessThan(4_000)
      expect([ran.code, ran.cut.stdout, ran.out.includes('started')]).toEqual([0, false, true])
      const left = (await ran.left?.look()) ?? []
      expect(left.length).toBeGreaterThan(0)
      await ran.left?.end(left)
      expect(await ran.left?.look()).toEqual([])
    }
    expect((await run(inside(), { sh: 'echo alone' })).left).toBeUndefined()
  })
  test('at an abort its reason is thrown, and the command is gone', async () => {
    const controller = new AbortController()
    const reason = new Error('the step is over')
    const running = web.exec({ sh: 'sleep 4712' }, {}, controller.signal).catch((error) => error)
    const alive = async () =>
      (await run(inside(), { sh: 'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -q "sleep 471[2]"' })).code === 0
    await until(alive, 'it runs')
    controller.abort(reason)
    expect(await running).toBe(reason)
    expect(await alive()).toBe(false)
    expect(await web.exec({ argv: ['true'] }, {}, controller.signal).catch((error) => error)).toBe(reason)
  })
  test('20 at once each get their own answer', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const ran = await Promise.all(
      numbers.map((number) => run(inside(), { sh: `echo ${number}; cat; exit ${number}` }, { stdin: `in ${number}` })),
    )
    expect(ran.map(({ out, code }) => [out, code])).toEqual(numbers.map((n) => [`${n}\nin ${n}`, n]))
  })
})

describe('commands inside a container', () => {
  test('50 MB come whole where they are asked for, binary', async () => {
    const all = await run(inside(), { argv: ['head', '-c', '50000000', '/dev/urandom'] }, { keep: 60_000_000 })
    expect([all.stdout.length, all.cut.stdout]).toEqual([50_000_000, false])
    const back = await run(inside(), { argv: ['md5sum'] }, { stdin: all.stdout })
    expect(back.out.slice(0, 32)).toBe(new Bun.CryptoHasher('md5').update(all.stdout).digest('hex'))
  })
  test('have the container’s environment and working folder, and what is given beside', async () => {
    const { out } = await run(inside(), { sh: 'pwd; echo $FROM_IMAGE $MORE' }, { env: { MORE: 'a b' } })
    expect(out).toBe('/srv\nyes a b\n')
    expect((await run(inside(), { argv: ['pwd'] }, { cwd: '/etc' })).out).toBe('/etc\n')
  })
  test('that were ended in time leave nothing behind, however deep', async () => {
    const ran = await run(
      inside(),
      { sh: 'for i in 1 2 3; do (setsid sh -c "trap \'\' TERM HUP; sleep 4711" &); done; sleep 4711' },
      { timeout: 200 },
    )
    expect(ran.timedOut).toBe(true)
    const { out } = await run(inside(), {
      sh: 'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -o "sleep 471[1]" | wc -l',
    })
    expect(out.trim()).toBe('0')
  })
  test('a container that is paused or stopped is told as that, and may come', async () => {
    const daemon = await engine()
    const other = await served()
    await daemon.bytes('POST', `/containers/${other.name}/pause`)
    const refused = async () => {
      const error = await other.web.exec({ argv: ['true'] }, {}, never).catch((thrown) => thrown)
      expect(isError(error, 'target') && error.transient).toBe(true)
      return error.message
    }
    expect(await refused()).toBe('web is paused')
    await daemon.bytes('POST', `/containers/${other.name}/unpause`)
    await daemon.bytes('POST', `/containers/${other.name}/kill`)
    await until(async () => (await other.web.state()).state === 'exited', 'it is dead')
    expect(await refused()).toBe('web is exited')
    await daemon.bytes('DELETE', `/containers/${other.name}?force=1`)
    expect(await refused()).toBe('web has no container: it was removed')
  })
  test('one whose container is paused in the middle ends by its time limit', async () => {
    const daemon = await engine()
    const other = await served()
    const running = other.web.exec({ sh: 'sleep 60' }, { timeout: 3_000 }, never)
    await until(() => isRunningIn(daemon, other.name), 'it runs')
    await daemon.bytes('POST', `/containers/${other.name}/pause`)
    expect(await running).toMatchObject({ timedOut: true })
  })
  test('one whose container is killed in the middle ends at once', async () => {
    const daemon = await engine()
    const other = await served()
    const running = other.web.exec({ sh: 'echo begun; sleep 60' }, {}, never)
    await until(() => isRunningIn(daemon, other.name), 'it runs')
    await daemon.bytes('POST', `/containers/${other.name}/kill`)
    const { code, timedOut, duration } = await running
    expect([code, timedOut]).toEqual([137, false])
    expect(duration).toBeLessThan(5_000)
  })
  test('several replicas: the first that runs', async () => {
    const names = [await container(), await container({ labels: { app: name } })]
    const daemon = await engine()
    const runtime = await opened({ one: { container: names[1] as string } })
    await daemon.bytes('POST', `/containers/${names[0]}/kill`)
    expect(
      (
        await run(
          inside(() => runtime.service('one')),
          { argv: ['true'] },
        )
      ).code,
    ).toBe(0)
  })
})

describe('an image without a shell', () => {
  test('runs what it has, and says what it has not', async () => {
    const bare = await served({ image: await bareImage(), command: ['/sleeper', '1000'] })
    const of = inside(() => bare.web)
    expect((await run(of, { argv: ['/printer', '/etc/greeting'] })).out).toBe('hello\n')
    const { code, err, out } = await run(of, { sh: 'echo hello' })
    expect([code, out]).toEqual([127, ''])
    expect(err).toContain('sh: not found')
    expect((await run(of, { argv: ['/etc/greeting'] })).code).toBe(126)
    const late = await run(of, { argv: ['/sleeper', '1000'] }, { timeout: 200 })
    expect(late.timedOut).toBe(true)
    expect(late.duration).toBeLessThan(2_000)
  })
})

/** Whether a command was started in it, and not only announced. */
async function isRunningIn(daemon: Awaited<ReturnType<typeof engine>>, name: string): Promise<boolean> {
  const { ExecIDs } = await daemon.json<{ ExecIDs: string[] | null }>('GET', `/containers/${name}/json`)
  const all = (ExecIDs ?? []).map((id) => daemon.json<{ Running: boolean; Pid: number }>('GET', `/exec/${id}/json`))
  return (await Promise.all(all)).some(({ Running, Pid }) => Running && Pid > 0)
}
