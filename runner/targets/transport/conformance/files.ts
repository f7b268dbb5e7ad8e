import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Transport } from '../../../contracts/transport.ts'
import { run, until } from './run.ts'

export function describeFiles(open: () => Transport): void {
  describe('files', () => {
    let folder = ''
    const text = async (path: string) => {
      const bytes = await open().files.read(path)
      return bytes && Buffer.from(bytes).toString()
    }
    beforeAll(async () => {
      folder = (await run(open(), { sh: 'mktemp -d "/tmp/sd files-XXXXXX"' })).out.trim()
    })
    afterAll(async () => {
      await run(open(), { argv: ['rm', '-r', folder] })
    })
    test('what is not there is undefined, and no error', async () => {
      expect(await open().files.read(`${folder}/none`)).toBeUndefined()
      expect(await open().files.stat(`${folder}/none/deeper`)).toBeUndefined()
    })
    test('a new file gets the mode asked for; another kind is told', async () => {
      await open().files.write(`${folder}/new`, Buffer.from('a'), { mode: 0o600 })
      expect(await open().files.stat(`${folder}/new`)).toMatchObject({ kind: 'file', size: 1, mode: '0600' })
      expect((await open().files.stat(folder))?.kind).toBe('folder')
    })
    test('tells kinds apart, and reads none but files, without blocking', async () => {
      const made = 'mkdir d; mkfifo f; ln -s none dangling; ln -s /etc/passwd linked; ln -s loop loop; : >empty'
      await run(open(), { sh: `cd '${folder}' && ${made}` })
      const paths = ['d', 'f', 'dangling', 'linked', 'loop', 'empty'].map((name) => `${folder}/${name}`)
      const found = await Promise.all([...paths, '/dev/null'].map((path) => open().files.stat(path)))
      expect(found.map((one) => [one?.kind, one?.isLink === true])).toEqual([
        ['folder', false],
        ['fifo', false],
        ['link', true],
        ['file', true],
        ['link', true],
        ['file', false],
        ['device', false],
      ])
      for (const [path, words] of [
        [`${folder}/d`, 'a folder'],
        [`${folder}/f`, 'a FIFO'],
        ['/dev/zero', 'a device'],
      ] as const)
        for (const way of ['read', 'sha256'] as const)
          expect(
            await open()
              .files[way](path)
              .catch((error) => error.message),
          ).toBe(`${path} is ${words}, and not a file`)
      expect(await open().files.read(`${folder}/dangling`)).toBeUndefined()
      expect(await text(`${folder}/empty`)).toBe('')
    })
    test('reads no more than asked for, and hashes the whole', async () => {
      await open().files.write(`${folder}/long`, Buffer.from('x'.repeat(3_000_000)))
      expect(await open().files.read(`${folder}/long`, { most: 5 })).toHaveLength(5)
      expect(await open().files.sha256(`${folder}/long`)).toBe(
        new Bun.CryptoHasher('sha256').update('x'.repeat(3_000_000)).digest('hex'),
      )
      expect(await open().files.sha256(`${folder}/none`)).toBeUndefined()
    })
    test('reads files of the kernel, whose size is told as 0', async () => {
      if ((await open().files.stat('/proc/version')) === undefined) return console.warn('there is no /proc')
      expect(await text('/proc/version')).toContain('version')
    })
    test('knows who owns a file, by number, too', async () => {
      expect(await open().files.stat('/etc/passwd')).toMatchObject({ owner: 'root', uid: 0, gid: 0 })
    })
    test('a file that is replaced keeps mode and owner, and is never seen half written', async () => {
      const path = `${folder}/kept`
      await open().files.write(path, Buffer.from('old'))
      await run(open(), { argv: ['chmod', '0750', path] })
      const before = await open().files.stat(path)
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256)
      const inode = async () => (await run(open(), { sh: `ls -i '${path}' | cut -d' ' -f1` })).out
      const old = await inode()
      await open().files.write(path, bytes)
      expect(await open().files.stat(path)).toMatchObject({ mode: '0750', owner: before?.owner ?? '' })
      expect(Buffer.from((await open().files.read(path)) ?? []).equals(bytes)).toBe(true)
      expect(await inode()).not.toBe(old)
      expect((await run(open(), { argv: ['ls', '-A', folder] })).out).not.toContain('tmp')
    })
    test('a link is followed and not replaced', async () => {
      await open().files.write(`${folder}/real`, Buffer.from('1'))
      await run(open(), { sh: `cd '${folder}' && ln -s real link` })
      await open().files.write(`${folder}/link`, Buffer.from('2'))
      expect(await text(`${folder}/real`)).toBe('2')
      expect((await run(open(), { sh: `test -L '${folder}/link'` })).code).toBe(0)
    })
    test('writing into a folder that is not there is an error, and leaves nothing', async () => {
      const error = await open()
        .files.write(`${folder}/none/file`, Buffer.from('x'))
        .catch((thrown) => thrown)
      expect(error.code).toBe('ENOENT')
    })
    test('a change wakes, and so does a replacement, again and again', async () => {
      const path = `${folder}/watched`
      await open().files.write(path, Buffer.from('0'))
      let woken = 0
      const watcher = await open().files.watch(path, () => {
        woken++
      })
      if (!watcher) return console.warn('this transport can tell of no file changes')
      for (const change of [`echo 1 >>'${path}'`, `mv '${path}' '${path}.old'; cp '${path}.old' '${path}'`]) {
        const before = woken
        await run(open(), { sh: change })
        await until(() => woken > before, `woken by ${change}`)
      }
      const before = woken
      await open().files.write(path, Buffer.from('2'))
      await until(() => woken > before, 'woken by an atomic write')
      await watcher[Symbol.asyncDispose]()
    })
  })
}
