import { expect, test } from 'bun:test'
import { bootId, isAlive, ownIdentity } from './identity.ts'
import { isOver } from './leftovers.ts'

const own = ownIdentity()

test('a process is known by more than its id, which is used again', () => {
  expect(isAlive(own)).toBe(true)
  expect(isAlive({ ...own, started: `${Number(own.started) + 1}` })).toBe(false)
  expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false)
})

test('after a reboot nobody is alive, though a process of that id and start time is there', () => {
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/)
  expect(isAlive({ ...own, bootId: 'another boot' })).toBe(false)
})

test('a zombie is dead', async () => {
  // The shell does not wait for its child, and tells its id.
  const parent = Bun.spawn(['perl', '-e', '$|=1; my $p=fork; exit 0 unless $p; print "$p\\n"; sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const { value } = await parent.stdout.getReader().read()
  const pid = Number(Buffer.from(value ?? []).toString())
  while (isAlive({ pid, started: '' })) await Bun.sleep(5)
  expect(() => process.kill(pid, 0)).not.toThrow()
  parent.kill('SIGKILL')
  await parent.exited
})

test('a journal whose runner is gone is of a run that is over, also when its process id is used again', () => {
  const head = { run: 'r', host: 'h', uptime: 0, target: 't', ...own }
  const journal = (more: object) => ({ folder: '/j/r-c', head: { ...head, ...more }, entries: [] })
  expect(isOver(journal({}))).toBe(false)
  expect(isOver(journal({ started: '1' }))).toBe(true)
  expect(isOver(journal({ bootId: 'another boot' }))).toBe(true)
})
