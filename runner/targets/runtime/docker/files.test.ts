import { describe, expect } from 'bun:test'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '../../../contracts/target.ts'
import { base, container, engine, opened, refusal, served, useContainers } from './test-containers.ts'
import { bareImage } from './test-images.ts'
import { prepare, dockerTest as test } from './testing.ts'

useContainers()
let web: Service
let name = ''
let mounted = ''

prepare(async () => {
  mounted = join(base, 'mounted.json')
  writeFileSync(mounted, '{"a":1}')
  chmodSync(mounted, 0o640)
  writeFileSync(join(base, 'fixed.json'), '{}')
  name = await container({
    host: {
      Binds: [`${mounted}:/etc/mounted.json`, `${join(base, 'fixed.json')}:/etc/fixed.json:ro`],
      Tmpfs: { '/run/app': '' },
    },
  })
  web = (await opened({ web: { container: name } })).service('web')
})

const sh = async (script: string, of = web) => {
  const exit = await of.exec({ sh: script }, {}, new AbortController().signal)
  return Buffer.from(exit.stdout).toString().trim()
}
const text = async (path: string, of = web) => {
  const bytes = await of.files.read(path)
  return bytes && Buffer.from(bytes).toString()
}
const write = (path: string, content: string | Uint8Array, mode?: number) =>
  web.files.write(path, Buffer.from(content), mode === undefined ? {} : { mode })

describe('files inside a container', () => {
  test('what is not there is undefined, and no error', async () => {
    expect(await web.files.read('/no/such/file')).toBeUndefined()
    expect(await web.files.stat('/etc/passwd/deeper')).toBeUndefined()
    expect(await web.files.stat('/etc/none')).toBeUndefined()
  })
  test('a new file gets the mode asked for; names may be anything', async () => {
    await write('/srv/it’s a “file” +%20.json', '{"b":2}', 0o600)
    expect(await web.files.stat('/srv/it’s a “file” +%20.json')).toMatchObject({
      kind: 'file',
      size: 7,
      mode: '0600',
      owner: 'root',
    })
    expect(await sh('cat /srv/it*')).toBe('{"b":2}')
    await write('/srv/plain', '')
    expect(await web.files.stat('/srv/plain')).toMatchObject({ size: 0, mode: '0644' })
    expect(await text('/srv/plain')).toBe('')
  })
  test('a replaced file keeps mode and owner, byte for byte', async () => {
    await sh('echo old >/srv/kept; chown 1000:33 /srv/kept; chmod 4751 /srv/kept')
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256)
    await web.files.write('/srv/kept', bytes)
    expect(await sh('stat -c "%a %u:%g" /srv/kept')).toBe('4751 1000:33')
    expect(Buffer.from((await web.files.read('/srv/kept')) ?? []).equals(bytes)).toBe(true)
    expect(await web.files.stat('/srv/kept')).toMatchObject({ mode: '4751', owner: '1000' })
  })
  test('links are followed and not replaced, also to what is not there yet', async () => {
    await sh(
      'cd /srv; mkdir -p d; echo 1 >d/real; ln -s d/real one; ln -s /srv/one two; ln -s d/later dangling; ln -s loop loop',
    )
    expect(await text('/srv/two')).toBe('1\n')
    await write('/srv/two', '2')
    expect(await sh('cat /srv/d/real; test -L /srv/one && test -L /srv/two && echo links')).toBe('2links')
    await write('/srv/dangling', '3')
    expect(await sh('cat /srv/d/later; test -L /srv/dangling && echo link')).toBe('3link')
    expect(await refusal(web.files.read('/srv/loop'))).toBe('/srv/loop: too many links')
  })
  test('a folder is one, and has no bytes; a folder that is missing is told', async () => {
    expect((await web.files.stat('/etc'))?.kind).toBe('folder')
    expect((await web.files.stat('/'))?.kind).toBe('folder')
    expect(await refusal(write('/no/such/file', ''))).toBe('there is no folder /no/such in the container')
  })
  test.each(['/srv', '/run/app'])('tells kinds apart below %s, and reads none but files', async (folder) => {
    const made = 'mkdir -m 700 d; mkfifo -m 640 f; ln -s none dangling; ln -s /etc/passwd linked; ln -s d folder'
    const socket = 'perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => q(s), Listen => 1)"'
    await sh(`mkdir -p ${folder}/kinds && cd ${folder}/kinds && ${made}; ${socket}`)
    const names = ['d', 'f', 's', 'dangling', 'linked', 'folder']
    const found = await Promise.all(names.map((name) => web.files.stat(`${folder}/kinds/${name}`)))
    expect(found.map((one) => [one?.kind, one?.isLink === true])).toEqual([
      ['folder', false],
      ['fifo', false],
      ['socket', false],
      ['link', true],
      ['file', true],
      ['folder', true],
    ])
    expect(found[0]).toMatchObject({ mode: '0700', owner: 'root', uid: 0 })
    expect(await refusal(web.files.read(`${folder}/kinds/f`))).toBe(`${folder}/kinds/f is a FIFO, and not a file`)
    expect(await refusal(web.files.sha256(`${folder}/kinds/s`))).toBe(`${folder}/kinds/s is a socket, and not a file`)
    expect(await refusal(web.files.read(`${folder}/kinds/d`))).toBe(`${folder}/kinds/d is a folder, and not a file`)
    expect(await text(`${folder}/kinds/dangling`)).toBeUndefined()
  })
  test.each(['/srv/long', '/run/app/long'])(
    'reads no more of %s than asked for, and hashes the whole',
    async (path) => {
      await sh(`head -c 20000000 /dev/zero >${path}`)
      expect(await web.files.read(path, { most: 5 })).toHaveLength(5)
      expect(await web.files.sha256(path)).toBe(
        new Bun.CryptoHasher('sha256').update(new Uint8Array(20_000_000)).digest('hex'),
      )
      expect(await web.files.sha256('/srv/none')).toBeUndefined()
    },
  )
  test('of one that is stopped, and of an image without a shell', async () => {
    const bare = await served({ image: await bareImage(), command: ['/sleeper', '1000'] })
    expect(await text('/etc/greeting', bare.web)).toBe('hello\n')
    await (await engine()).bytes('POST', `/containers/${bare.name}/kill`)
    await bare.web.files.write('/etc/greeting', Buffer.from('good bye'))
    expect(await text('/etc/greeting', bare.web)).toBe('good bye')
    await (await engine()).bytes('DELETE', `/containers/${bare.name}?force=1`)
    expect(await refusal(bare.web.files.read('/etc/greeting'))).toBe('web has no container: it was removed')
  })
})

describe('files that the archives can’t reach', () => {
  test('one that is mounted by itself is written in place', async () => {
    const inode = statSync(mounted).ino
    await write('/etc/mounted.json', '{"a":2}')
    expect([
      readFileSync(mounted, 'utf8'),
      statSync(mounted).ino,
      (statSync(mounted).mode & 0o777).toString(8),
    ]).toEqual(['{"a":2}', inode, '640'])
    expect(await text('/etc/mounted.json')).toBe('{"a":2}')
    await write('/etc/hosts', '127.0.0.1 localhost\n')
    expect(await text('/etc/hosts')).toBe('127.0.0.1 localhost\n')
  })
  test('a read-only mount says so', async () => {
    expect(await refusal(write('/etc/fixed.json', 'x'))).toMatch(
      /^\/etc\/fixed.json can't be written in .*[Rr]ead-only/,
    )
  })
  test('below a tmpfs, and the kernel’s own', async () => {
    expect(await text('/run/app/none')).toBeUndefined()
    expect(await web.files.stat('/run/app/none')).toBeUndefined()
    await write('/run/app/new', 'a', 0o600)
    await write('/run/app/new', 'bc')
    expect(await web.files.stat('/run/app/new')).toMatchObject({ kind: 'file', size: 2, mode: '0600', owner: 'root' })
    expect(await sh('cat /run/app/new')).toBe('bc')
    expect(await text('/proc/1/comm')).toBe('perl\n')
    expect(await refusal(write('/run/app/no/such', 'x'))).toContain("/run/app/no/such can't be written in")
  })
  test('while it is paused they can’t be read, which is no absence', async () => {
    const daemon = await engine()
    await daemon.bytes('POST', `/containers/${name}/pause`)
    try {
      expect(await refusal(web.files.read('/run/app/new'))).toContain(
        'is paused, and /run/app/new can only be reached while it runs',
      )
    } finally {
      await daemon.bytes('POST', `/containers/${name}/unpause`)
    }
  })
})
