import { describe, expect, test } from 'bun:test'
import type { Transport } from '../../../contracts/transport.ts'
import { run, until } from './run.ts'

export function describeLimits(open: () => Transport): void {
  const isAlive = async (pid: string) =>
    (await run(open(), { sh: `state=$(ps -o stat= -p ${pid}) && [ "\${state#Z}" = "$state" ]` })).code === 0

  describe('limits', () => {
    test('50 MB of output are read, and only what is asked for is kept', async () => {
      const { stdout, cut, code } = await run(
        open(),
        { sh: 'head -c 50000000 /dev/zero; echo end >&2' },
        { keep: 1_000 },
      )
      expect([stdout.length, cut, code]).toEqual([1_000, { stdout: true, stderr: false }, 0])
    })
    test('50 MB arrive whole', async () => {
      const { stdout, cut } = await run(open(), { sh: 'head -c 50000000 /dev/zero; echo end' }, { keep: 60_000_000 })
      expect([stdout.length, cut.stdout, Buffer.from(stdout.subarray(-4)).toString()]).toEqual([
        50_000_004,
        false,
        'end\n',
      ])
    })
    test('calls an output that fits exactly whole', async () => {
      const { cut } = await run(open(), { argv: ['printf', '12345'] }, { keep: 5 })
      expect(cut).toEqual({ stdout: false, stderr: false })
    })
    test('tells which of the two streams was cut', async () => {
      const { cut, stderr } = await run(open(), { sh: 'echo out; head -c 5000000 /dev/zero >&2' }, { keep: 1_000 })
      expect([cut, stderr.length]).toEqual([{ stdout: false, stderr: true }, 1_000])
    })
    test('the time limit ends the whole group, grandchildren too, and keeps what was said', async () => {
      const ran = await run(open(), { sh: 'sh -c "trap \\"\\" TERM; sleep 60" & echo $!; sleep 61' }, { timeout: 150 })
      expect(ran.timedOut).toBe(true)
      expect(ran.code).not.toBe(0)
      expect(ran.duration).toBeLessThan(2_000)
      await until(async () => !(await isAlive(ran.out.trim())), 'the grandchild is gone')
    })
    test('a command that finishes in time is not called late', async () => {
      expect((await run(open(), { argv: ['true'] }, { timeout: 5_000 })).timedOut).toBe(false)
    })
    test('an abort ends the group and throws its reason', async () => {
      const controller = new AbortController()
      const reason = new Error('the step is over')
      const folder = (await run(open(), { sh: 'mktemp -d /tmp/sd-abort-XXXXXX' })).out.trim()
      const running = open().exec({ sh: `echo $$ >${folder}/pid; sleep 60` }, {}, controller.signal)
      const pid = async () => (await run(open(), { sh: `cat ${folder}/pid 2>/dev/null` })).out.trim()
      await until(async () => (await pid()) !== '', 'the command runs')
      controller.abort(reason)
      expect(await running.catch((error) => error)).toBe(reason)
      const leader = await pid()
      await until(async () => !(await isAlive(leader)), 'the command is gone')
      await run(open(), { argv: ['rm', '-r', folder] })
    })
    test('nothing is started after an abort', async () => {
      const reason = new Error('too late')
      const late = open().exec({ argv: ['true'] }, {}, AbortSignal.abort(reason))
      expect(await late.catch((error) => error)).toBe(reason)
    })
    test('a command that leaves a process behind is not waited for', async () => {
      const ran = await run(open(), { sh: 'sleep 30 & echo $!' })
      expect(ran.duration).toBeLessThan(2_000)
      expect(await isAlive(ran.out.trim())).toBe(true)
      await run(open(), { sh: `kill ${ran.out.trim()}` })
    })
    test('tells what a command has left running, and ends it', async () => {
      const ran = await run(open(), { sh: 'sleep 31 & echo $!' })
      const left = (await ran.left?.look()) ?? []
      expect(left.map(({ says }) => says)).toEqual([`sleep 31 (process ${ran.out.trim()})`])
      // Somebody else's by now: the number of a process is used again.
      await ran.left?.end([{ id: `${ran.out.trim()} 1`, says: '' }])
      expect(await isAlive(ran.out.trim())).toBe(true)
      await ran.left?.end(left)
      await until(async () => !(await isAlive(ran.out.trim())), 'it is gone')
      expect(await ran.left?.look()).toEqual([])
    })
    test('does not wait for a child that keeps writing', async () => {
      const ran = await run(open(), { sh: '(while :; do echo tick; sleep 0.05; done) & echo $!' })
      expect(ran.duration).toBeLessThan(2_000)
      expect(ran.cut.stdout).toBe(false)
      expect(ran.out).toMatch(/^(tick\n)*\d+\n(tick\n)*$/)
      await run(open(), { sh: `kill ${ran.out.match(/\d+/)}` })
    })
    test('does not wait for a child that never stops writing', async () => {
      const ran = await run(open(), { sh: 'yes & echo $! >&2' }, { keep: 1_000 })
      expect(ran.duration).toBeLessThan(4_000)
      expect([ran.stdout.length, ran.cut.stdout]).toEqual([1_000, true])
      await run(open(), { sh: `kill ${ran.err}` })
    })
    test('a child with a session of its own that keeps writing does not outwait the time limit', async () => {
      const talking = 'setsid sh -c "while :; do echo tick; sleep 0.05; done" & echo $! >&2; sleep 60'
      const ran = await run(open(), { sh: talking }, { timeout: 200 })
      expect([ran.timedOut, ran.duration < 3_000]).toEqual([true, true])
      await run(open(), { sh: `kill ${ran.err}` })
    })
    test('100 commands at once each get their own answer', async () => {
      const numbers = Array.from({ length: 100 }, (_, index) => index)
      const ran = await Promise.all(
        numbers.map((number) => run(open(), { sh: `echo ${number}; cat; exit ${number}` }, { stdin: `in ${number}` })),
      )
      expect(ran.map(({ out, code }) => [out, code])).toEqual(numbers.map((n) => [`${n}\nin ${n}`, n]))
    })
  })
}
