import { after } from '../../runner/base/timer.ts'
import { services } from '../../runner/contracts/params.ts'
import { defineProbe, type Reading } from '../../runner/contracts/probe.ts'
import { type ServiceState, serviceHealth, serviceStates } from '../../runner/contracts/target.ts'

/** How a service is: its state as the runtime knows it, its health as its own check tells. */
export const service = defineProbe({
  name: 'service',
  summary: 'Reads how a service is: running, paused or exited, healthy or not.',
  params: services('a service, or a list: each of them'),
  each: true,
  fields: {
    state: {
      description: 'running, paused, restarting, exited, created or removed; `healthy` means running and healthy',
      type: 'any',
      words: [...serviceStates, ...serviceHealth],
    },
    health: { description: 'healthy, unhealthy, starting or none', type: 'any', words: serviceHealth },
    exit: { description: 'its exit code, once exited', type: 'number' },
    restarts: {
      description: 'restarts that the runtime made by itself since the case began',
      type: 'number',
      least: 0,
    },
    'started-at': { description: 'identity of this start', type: 'text' },
    memory: { description: 'memory in bytes', type: 'number' },
    image: { description: 'the image it runs', type: 'text' },
    user: { description: 'the user it runs as', type: 'text' },
    mounts: { description: 'what is mounted', type: 'list' },
    json: { description: 'the full inspection; `$` paths look into it', type: 'any' },
  },
  bare: { state: 'running' },
  examples: [
    { service: 'gateway', state: 'healthy' },
    { service: ['node', 'gateway'], state: 'running' },
  ],
  services: (params) => (typeof params === 'string' ? [params] : []),
  subject: String,
  read: async (params, { target, timeout, signal }) => {
    const limit = new AbortController()
    const end = () => limit.abort()
    // A service that is stopped or overloaded may never answer the question for its health.
    const timer = after(timeout, end)
    signal.addEventListener('abort', end, { once: true })
    try {
      const state = await target.service(String(params)).state({ health: true, signal: limit.signal })
      return readingOf(String(params), state)
    } finally {
      timer.stop()
      signal.removeEventListener('abort', end)
    }
  },
  watch: (params, { target }, wake) => target.service(String(params)).watch(wake),
})

function readingOf(name: string, state: ServiceState): Reading {
  const { exit, health, restarts, startedAt, memory, image, user, mounts, json } = state
  const optional = { exit, memory, image, user, mounts }
  const there = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return {
    fields: { state: state.state, health, restarts, 'started-at': startedAt, json, ...there },
    document: json,
    ...(state.state === 'running' && health !== 'none' ? { instead: { state: health } } : {}),
    says: `${name} is ${state.state}${health === 'none' ? '' : ` and ${health}`}${exit === undefined ? '' : ` (exit ${exit})`}`,
  }
}
