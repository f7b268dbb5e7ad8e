/** Faults of the network on real containers, as a plan has them. */
import { afterAll, expect, setDefaultTimeout } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { dockerTest } from '../targets/runtime/docker/testing.ts'
import { Containers, eventually, server } from './testing-containers.ts'

setDefaultTimeout(60_000)
const alone = { image: server.image, command: ['sleep', 'infinity'], network_mode: 'host', init: true }
const stack = new Containers('network', { services: { web: server, other: server, third: server, alone } }, '2s')
afterAll(() => stack.end())

const reach = (from: string, to: string) =>
  `{ run: { in: ${from}, command: "timeout 1 bash -c '</dev/tcp/${to}/80'" } }`
const cut = (from: string, to: string) => reach(from, to).replace(/ }$/, ', exit: 124 }')

dockerTest('each has its effect, proves it, and goes again', async () => {
  const { out, code } = await stack.run('all', [
    'inject-fault: { partition: [[web], [other]] }',
    `assert: ${cut('other', 'web')}`,
    `assert: ${reach('third', 'web')}`,
    'restore: other',
    `assert: ${reach('other', 'web')}`,
    'inject-fault: { drop: { from: web, to: other } }',
    `assert: ${cut('other', 'web')}`,
    'restore: web',
    'inject-fault: { loss: web, percent: 100 }',
    `assert: ${cut('third', 'web')}`,
    'restore: web',
    'inject-fault: { rate: web, to: 1KB/m }',
    'assert: { http: { get: http://web/, timeout: 1s }, expect: { reachable: false } }',
    'restore: web',
    'inject-fault: { reject: web, ports: [80] }',
    'assert: { tcp: "web:80", open: false }',
    'assert: { tcp: "other:80", open: true }',
    'restore: web',
    'inject-fault: { reject: web }',
    'assert: { tcp: "web:80", open: false }',
    `assert: ${reach('web', 'other')}`,
    'restore: web',
    'inject-fault: { dns: other, names: [web] }',
    'assert: { run: { in: other, command: getent hosts web }, exit: 2 }',
    'assert: { run: { in: other, command: getent hosts third } }',
    'restore: other',
    'assert: { run: { in: other, command: getent hosts web } }',
    'inject-fault: { delay: web, by: 200ms }',
    'assert: { http: http://web/, expect: { duration: { between: [200, 3000] } } }',
    'restore: web',
    'assert: { http: http://web/, expect: { duration: { lt: 200 } } }',
  ])
  expect(out).toContain('1 passed')
  expect(out).toContain('no way to')
  expect(out).toContain('300 of 300 test packets were lost')
  expect(out).toMatch(/after \d+ bytes in \d+ ms a packet was lost/)
  expect(out).toContain('connections to 80 are refused')
  expect(out).toMatch(/an answer takes \d+ ms, and took \d+ ms before/)
  expect(code).toBe(0)
  expect(stack.helpers()).toEqual([])
})

dockerTest('is made again for a container that was restarted', async () => {
  const { out, code } = await stack.run('again', [
    'inject-fault: { partition: [[web], [other]] }',
    'service: { restart: web }',
    `wait-for: ${cut('other', 'web')}`,
    'restore: web',
    `wait-for: ${reach('other', 'web')}`,
  ])
  expect(out).toContain('1 passed')
  expect(code).toBe(0)
  expect(stack.helpers()).toEqual([])
})

dockerTest('is not made again once it is undone', async () => {
  const { out, code } = await stack.run('undone', [
    'inject-fault: { loss: web, percent: 100 }',
    'service: { restart: web }',
    'restore: web',
    `wait-for: ${reach('other', 'web')}`,
    `hold: { ${reach('other', 'web').slice(2, -2)}, for: 1s }`,
  ])
  expect(out).toContain('1 passed')
  expect(code).toBe(0)
  expect(stack.helpers()).toEqual([])
})

dockerTest('counts as undone only when the rules of a killed helper have run out', async () => {
  const ours = `$(docker ps --quiet --filter label=shakedown.fault --filter label=shakedown.plan=shot-${process.pid}.yaml)`
  const { out, code } = await stack.run('shot', [
    'inject-fault: { loss: web, percent: 100 }',
    `run: docker kill ${ours}`,
    `assert: ${cut('other', 'web')}`,
    'restore: web',
    `assert: ${reach('other', 'web')}`,
  ])
  expect(out).toContain('a helper was killed, so its rules had to run out by themselves')
  expect(code).toBe(0)
  expect(stack.helpers()).toEqual([])
})

dockerTest('ends by itself when the runner is stopped for longer than its lease', async () => {
  const child = stack.spawn('stopped', ['inject-fault: { drop: { from: web, to: other } }', 'sleep: 60s'])
  await eventually(() => !reaches())
  child.kill('SIGSTOP')
  await eventually(reaches)
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  expect(await child.exited).not.toBe(0)
  expect(reaches()).toBe(true)
  expect(stack.helpers()).toEqual([])
})

dockerTest('ends by itself when the runner is killed, and nothing is left of it', async () => {
  const child = stack.spawn('killed', ['inject-fault: { partition: [[web], [other]] }', 'sleep: 60s'])
  await eventually(() => !reaches())
  child.kill('SIGKILL')
  await eventually(reaches)
  await eventually(() => stack.helpers().length === 0)
  await eventually(() => readdirSync(join(stack.folder, '.shakedown', 'journal')).length === 0)
})

dockerTest('on the network of the host is skipped with the reason, before anything is changed', async () => {
  const { out, code } = await stack.run('host', ['inject-fault: { loss: alone, percent: 50 }'])
  expect(out).toContain('unavailable')
  expect(out).toContain('uses the network of its host')
  expect(code).toBe(5)
})

dockerTest('without effect fails: there was no way to cut', async () => {
  const { out, code } = await stack.run('nothing', [
    'service: { stop: other }',
    'inject-fault: { partition: [[web], [other]] }',
  ])
  expect(out).toMatch(/has no address|no way to/)
  expect(code).toBe(1)
  expect(stack.helpers()).toEqual([])
})

function reaches(): boolean {
  return stack.exec('other', 'timeout', '1', 'bash', '-c', '</dev/tcp/web/80') === 0
}
