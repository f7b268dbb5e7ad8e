import { describe, expect } from 'bun:test'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Runtime, Service } from '../../../contracts/target.ts'
import { type Change, DRIFTED, FORCE } from '../../../contracts/undo.ts'
import { bindTarget } from '../../target.ts'
import {
  base,
  container,
  engine,
  never,
  opened,
  scripts,
  served,
  transport,
  useContainers,
  withoutCurl,
} from './test-containers.ts'
import { bareImage } from './test-images.ts'
import { prepare, dockerTest as test } from './testing.ts'

useContainers()
let web: Service
let runtime: Runtime
let name = ''
let mounted = ''

prepare(async () => {
  mounted = join(base, 'mounted.json')
  writeFileSync(mounted, 'before')
  chmodSync(mounted, 0o640)
  name = await container({ host: { Binds: [`${mounted}:/etc/mounted.json`], Tmpfs: { '/run/app': '' } } })
  runtime = await opened({ web: { container: name } })
  web = runtime.service('web')
})

const sh = async (script: string, of = web) => {
  const exit = await of.exec({ sh: script }, {}, never)
  return Buffer.from(exit.stdout).toString().trim()
}

/** The change as `apply-config` makes it. */
async function replaced(path: string, content: string, then: readonly string[] = [], of = runtime): Promise<Change> {
  const { target } = bindTarget({ name: 'box', transport, runtime: of, home: base, config: {} }, never)
  return target.replaceFile(path, Buffer.from(content), { in: 'web', then: then.map((text) => ({ sh: text })) })
}

async function written(path: string, content: string, then: readonly string[] = [], env = {}) {
  const change = await replaced(path, content, then)
  const { applied, left, ...both } = scripts(change, env)
  await change.apply(never)
  left((await change.left?.()) ?? {})
  applied()
  expect(await change.inEffect?.(never)).toMatchObject({ yes: true })
  return both
}

describe.each([['curl'], ['perl']])('a file inside is put back by its script alone, by %s', (by) => {
  const env = () => (by === 'perl' ? { PATH: withoutCurl() } : {})

  test('its bytes, mode and owner, and what makes it effective runs again', async () => {
    await sh('printf "it\\nwas" >/srv/conf; chown 1000:33 /srv/conf; chmod 640 /srv/conf; rm -f /srv/seen')
    const { undo, verify } = await written(
      '/srv/conf',
      'changed',
      ['cat /srv/conf >>/srv/seen; echo " $HOME" >>/srv/seen'],
      env(),
    )
    expect(await verify()).toMatchObject({ code: 1, err: '/srv/conf is not as it was\n' })
    expect(await undo()).toMatchObject({ code: 0, out: '', err: '' })
    expect(await sh('cat /srv/conf; stat -c " %a %u:%g" /srv/conf')).toBe('it\nwas 640 1000:33')
    expect(await sh('cat /srv/seen')).toBe('changed /root\nit\nwas /root')
    for (let round = 0; round < 2; round++) expect(await undo()).toMatchObject({ code: 0, out: '', err: '' })
    expect(await sh('wc -l </srv/seen')).toBe('3')
    expect((await verify()).code).toBe(0)
  })
  test('one that was not there goes', async () => {
    const { undo, verify } = await written('/srv/new file', 'x', [], env())
    expect((await verify()).code).toBe(1)
    expect(await undo()).toMatchObject({ code: 0, err: '' })
    expect(await sh('ls /srv | grep -c "new file"')).toBe('0')
    expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
  })
  test('what somebody else changed since is left alone', async () => {
    await sh('echo before >/srv/theirs')
    const { undo, verify } = await written('/srv/theirs', 'ours', [], env())
    await sh('echo theirs >/srv/theirs')
    expect(await undo()).toMatchObject({
      code: DRIFTED,
      err: expect.stringMatching(
        /^\/srv\/theirs was changed by somebody else meanwhile\n.*now:\n@@.*\n-before\n\+theirs\n$/,
      ),
    })
    expect([await sh('cat /srv/theirs'), (await verify()).code]).toEqual(['theirs', 1])
    expect((await undo({ [FORCE]: '1' })).code).toBe(0)
    expect([await sh('cat /srv/theirs'), (await verify()).code]).toEqual(['before', 0])
  })
  test('one that is mounted by itself, and one below a tmpfs', async () => {
    writeFileSync(mounted, 'before')
    await sh('printf before >/run/app/conf; chmod 600 /run/app/conf')
    for (const path of ['/etc/mounted.json', '/run/app/conf']) {
      const { undo, verify } = await written(path, 'after', [], env())
      expect((await verify()).code).toBe(1)
      expect(await undo()).toMatchObject({ code: 0, err: '' })
      expect([(await undo()).code, (await verify()).code, await sh(`cat ${path}`)]).toEqual([0, 0, 'before'])
      const drifted = await written(path, 'after', [], env())
      await sh(`printf theirs >${path}`)
      expect((await drifted.undo()).code).toBe(DRIFTED)
      expect([(await drifted.undo({ [FORCE]: '1' })).code, await sh(`cat ${path}`)]).toEqual([0, 'before'])
    }
    expect([readFileSync(mounted, 'utf8'), await sh('stat -c %a /run/app/conf /etc/mounted.json')]).toEqual([
      'before',
      '600\n640',
    ])
    const fresh = await written('/run/app/fresh', 'x', [], env())
    expect([(await fresh.undo()).code, await sh('ls /run/app')]).toEqual([0, 'conf'])
  })
})

describe.each(['/srv/then.conf', '/run/app/then.conf', '/etc/mounted.json'])(
  'what `then` makes of %s is ours',
  (path) => {
    const cases: [name: string, then: string][] = [
      ['appends', `echo >>${path}`],
      ['gives it another mode and owner', `chmod 604 ${path}; chown 1000:33 ${path}`],
      ...(path === '/etc/mounted.json'
        ? []
        : ([
            ['rewrites it', `sed -i s/a/b/ ${path}`],
            ['removes it', `rm ${path}`],
            ['makes a folder of it', `rm ${path}; mkdir ${path}`],
          ] as [string, string][])),
    ]
    test.each(cases)('when it %s', async (_, then) => {
      await sh(`rm -rf ${path} 2>/dev/null; printf 'was a' >${path}; chown 1000:1000 ${path}; chmod 640 ${path}`)
      const was = await sh(`cat ${path}; stat -c ' %a %u:%g' ${path}`)
      const change = await replaced(path, 'now a', [then])
      const { undo, verify, left } = scripts(change)
      await change.apply(never)
      left((await change.left?.()) ?? {})
      expect((await verify()).code).toBe(1)
      for (let round = 0; round < 2; round++) expect(await undo()).toMatchObject({ code: 0, err: '' })
      expect(await sh(`cat ${path}; stat -c ' %a %u:%g' ${path}`)).toBe(was)
      expect((await verify()).code).toBe(0)
    })
    test('and what somebody else makes of it is not', async () => {
      await sh(`rm -rf ${path} 2>/dev/null; printf was >${path}`)
      const { undo } = await written(path, 'now', [`echo >>${path}`])
      await sh(`printf theirs >${path}`)
      expect((await undo()).code).toBe(DRIFTED)
      expect(await sh(`cat ${path}`)).toBe('theirs')
    })
    test('also where the run ended before that could be looked at', async () => {
      await sh(`rm -rf ${path} 2>/dev/null; printf was >${path}`)
      const change = await replaced(path, 'now', [`echo >>${path}`])
      const { undo, verify } = scripts(change)
      await change.apply(never)
      expect([(await undo()).code, (await verify()).code, await sh(`cat ${path}`)]).toEqual([0, 0, 'was'])
    })
  },
)

describe('a file inside is put back', () => {
  test('byte for byte where it is larger than one variable, and mounted', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, index) => (index * 7) % 256))
    writeFileSync(mounted, bytes)
    const { undo } = await written('/etc/mounted.json', 'small')
    expect((await undo()).code).toBe(0)
    expect(readFileSync(mounted).equals(bytes)).toBe(true)
  })
  test('also when the container does not run: what makes it effective is its next start', async () => {
    const other = await served()
    const change = await replaced('/etc/motd', 'changed', ['true'], other.runtime)
    const { undo, verify, applied } = scripts(change)
    await change.apply(never)
    applied()
    await (await engine()).bytes('POST', `/containers/${other.name}/kill`)
    const told = await undo()
    expect([told.code, told.out]).toEqual([
      0,
      `${other.name} is exited, so what makes /etc/motd effective was not run: it reads it when it starts\n`,
    ])
    expect((await verify()).code).toBe(0)
  })
  test('a container that was removed meanwhile has nothing to put back, and that is said', async () => {
    const other = await served()
    const change = await replaced('/etc/motd', 'changed', [], other.runtime)
    const { undo, verify } = scripts(change)
    await change.apply(never)
    await (await engine()).bytes('DELETE', `/containers/${other.name}?force=1`)
    expect(await undo()).toMatchObject({ code: 0, out: `note: ${other.name} was removed by somebody else meanwhile\n` })
    expect((await verify()).code).toBe(0)
  })
  test('in an image without a shell', async () => {
    const bare = await served({ image: await bareImage(), command: ['/sleeper', '1000'] })
    const change = await replaced('/etc/greeting', 'changed', [], bare.runtime)
    const { undo, verify } = scripts(change)
    await change.apply(never)
    expect(String(Buffer.from((await bare.web.files.read('/etc/greeting')) ?? []))).toBe('changed')
    expect([(await undo()).code, (await verify()).code]).toEqual([0, 0])
    expect(String(Buffer.from((await bare.web.files.read('/etc/greeting')) ?? []))).toBe('hello\n')
  })
  test('and a signal makes it effective, there and back, sent by the Engine', async () => {
    const trap = 'trap "cat /srv/conf >>/srv/seen" HUP; echo old >/srv/conf; while :; do sleep 0.05; done'
    const other = await served({ command: ['sh', '-c', trap] })
    const seen = async (text: string) => {
      for (const start = performance.now(); (await sh('cat /srv/seen 2>/dev/null', other.web)) !== text; )
        if (performance.now() - start > 10_000) throw new Error(`it never saw ${text}`)
    }
    for (const start = performance.now(); (await sh('cat /srv/conf 2>/dev/null', other.web)) !== 'old'; )
      if (performance.now() - start > 10_000) throw new Error('it did not begin')
    const { target } = bindTarget({ name: 'box', transport, runtime: other.runtime, home: base, config: {} }, never)
    const change = await target.replaceFile('/srv/conf', Buffer.from('new\n'), { in: 'web', then: [{ signal: 'HUP' }] })
    const { undo, verify, left } = scripts(change)
    await change.apply(never)
    left((await change.left?.()) ?? {})
    await seen('new')
    expect(await undo()).toMatchObject({ code: 0, err: '' })
    await seen('new\nold')
    expect((await verify()).code).toBe(0)
  })
  test('what makes it effective may fail, and then it is not undone', async () => {
    await sh('echo before >/srv/again')
    const { undo } = await written('/srv/again', 'x', ['grep -q x /srv/again || { echo no good; exit 3; }'])
    const told = await undo()
    expect(told.code).toBe(1)
    expect(told.err).toContain('no good')
  })
  test('no value of what makes it effective stands in a script', async () => {
    const change = await replaced('/srv/secret', 'x', ["echo 'tell-nobody' >/dev/null"])
    expect(change.undo?.sh).not.toContain('tell-nobody')
    expect(change.undo?.verify).not.toContain('tell-nobody')
  })
})
