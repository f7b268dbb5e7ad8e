import { describe, expect } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { daemonAddress } from '../daemon.ts'
import { container, SERVES, transport, useContainers } from '../test-containers.ts'
import { bareImage } from '../test-images.ts'
import { prepare, dockerTest as test } from '../testing.ts'
import { ranOn } from './testing.ts'

useContainers()
let web = ''
let bare = ''

prepare(async () => {
  web = await container({ command: SERVES, body: { ExposedPorts: { '80/tcp': {} } } })
  bare = await container({ image: await bareImage(), command: ['/sleeper', '1000'] })
})

const ran = (steps: readonly string[], daemon = '') =>
  ranOn(`runtime: docker, services: { web: { container: ${web} }, bare: { container: ${bare} } }${daemon}`, steps)

describe('a reading of a container', () => {
  test('that is down: refused or closed, and a command in it could not be read; none of it is errored', async () => {
    const { code, steps } = await ran([
      'assert-jsonpath: { http: http://web/, expect: { $.a: 1 } }',
      'assert-jsonpath: { http: { get: http://web/, in: bare }, expect: { $.a: 1 } }',
      'assert: { tcp: { to: web, in: bare }, open: true }',
      'inject-fault: { stop: web }',
      'assert: { http: http://web/, reachable: false }',
      'assert: { http: http://web/, status: 200 }',
      'assert: { tcp: web:80, open: false }',
      'assert: { http: { get: http://web/, in: bare }, reachable: false }',
      'assert: { tcp: { to: web, in: bare }, open: false }',
      'assert: { run: { command: "true", in: web } }',
      'assert: { none: [{ run: { command: "true", in: web } }] }',
      'assert: { http: { get: http://bare:1/, in: web }, reachable: false }',
      'restore: web',
      'wait-for: { http: http://web/, expect: { $.a: 1 } }',
    ])
    expect(steps).toEqual([
      'passed',
      'passed',
      'passed',
      'passed',
      'passed',
      'failed: could not be read: web is exited, so nobody listens there',
      'passed',
      'passed',
      'passed',
      'failed: could not be read: web is exited',
      'failed: could not be read: web is exited',
      'failed: could not be read: web is exited',
      'passed',
      'passed',
    ])
    expect(code).toBe(1)
  })
  test('that is paused: a command could not be read, and neither could what is asked from inside', async () => {
    const { code, steps } = await ran([
      'inject-fault: { pause: web }',
      'assert: { http: { get: http://web/, timeout: 300ms }, reachable: false }',
      'assert: { run: { command: [true], in: web } }',
      'assert: { tcp: { to: "bare:1", in: web }, open: false }',
      'assert: { file: { path: /proc/1/comm, in: web }, exists: false }',
      'assert: { file: { path: /etc/hostname, in: web }, exists: true }',
      'wait-for: { run: { command: [true], in: web }, within: 300ms }',
      'restore: web',
    ])
    expect(steps.slice(0, 6)).toEqual([
      'passed',
      'passed',
      'failed: could not be read: web is paused',
      'failed: could not be read: web is paused',
      expect.stringContaining('is paused, and /proc/1/comm can only be reached while it runs'),
      'passed',
    ])
    expect(steps[6]).toStartWith('failed: not within 300ms: web is paused')
    expect(code).toBe(1)
  })
  test('whose daemon is dead is errored', async () => {
    const proxy = await startProxy()
    try {
      const { code, steps } = await ran(
        [
          'assert: { service: web }',
          `assert: { run: "kill -9 ${proxy.pid}; while kill -0 ${proxy.pid} 2>/dev/null; do sleep 0.05; done" }`,
          'assert: { run: { command: [true], in: web } }',
          'assert: { service: web }',
        ],
        `, daemon: "unix://${proxy.path}"`,
      )
      expect(steps.slice(0, 2)).toEqual(['passed', 'passed'])
      expect(steps[2]).toMatch(
        /^errored: (no Docker daemon answers at|there is no Docker daemon at|the Docker daemon at)/,
      )
      expect(code).toBe(3)
    } finally {
      proxy.end()
    }
  })
})

/** The daemon, at a socket that can be taken away. */
async function startProxy() {
  const path = join(mkdtempSync('/tmp/sd-proxy-'), 'docker.sock')
  const address = daemonAddress(undefined, transport)
  const script = `const net = require('node:net')
net.createServer({ allowHalfOpen: true }, (here) => {
  const there = net.connect(${JSON.stringify(address)})
  here.pipe(there); there.pipe(here)
  here.on('error', () => there.destroy()); there.on('error', () => here.destroy())
}).listen(${JSON.stringify(path)}, () => console.log('ready'))`
  const child = Bun.spawn(['bun', '-e', script], { stdout: 'pipe', stderr: 'inherit' })
  await child.stdout.getReader().read()
  return { path, pid: child.pid, end: () => child.kill('SIGKILL') }
}
