/** Polls the node, marks it down after several bad answers in a row, and up again after several good ones. */
import type { Config } from './config.ts'
import type { Logger } from './log.ts'

export interface NodeWatch {
  readonly up: boolean
  /** As last heard of. */
  readonly height: number
}

/** `config` is asked for at each poll, since it may be read anew. `changed` is called when the node goes up or down. */
export function watchNode(url: string, config: () => Config, log: Logger, changed: (up: boolean) => void): NodeWatch {
  const node = { up: false, height: 0, good: 0, bad: 0 }
  const mark = (up: boolean) => {
    node.up = up
    if (up) log.info('node is up', { height: node.height })
    else log.warn('node is down: workers are turned away', { height: node.height })
    changed(up)
  }
  const poll = async () => {
    const answer = await ask(url, config().timeoutMs)
    if (typeof answer === 'number') Object.assign(node, { good: node.good + 1, bad: 0, height: answer })
    else Object.assign(node, { good: 0, bad: node.bad + 1 })
    if (typeof answer === 'string' && node.up) log.warn('node does not answer', { in_a_row: node.bad, why: answer })
    if (node.up && node.bad >= config().downAfter) mark(false)
    if (!node.up && node.good >= config().upAfter) mark(true)
    setTimeout(poll, config().pollMs)
  }
  void poll()
  return node
}

/** The node's height, or why there is none. */
async function ask(url: string, timeout: number): Promise<number | string> {
  try {
    // A connection of its own each time: a frozen node would go on holding one that is kept open.
    const response = await fetch(`${url}/info`, { signal: AbortSignal.timeout(timeout), keepalive: false })
    const { height } = (await response.json()) as { height?: unknown }
    return response.ok && typeof height === 'number' ? height : `status ${response.status} without a height`
  } catch (error) {
    const { name, code, cause } = error as Error & { code?: string; cause?: { code?: string } }
    return name === 'TimeoutError' ? name : (code ?? cause?.code ?? 'no JSON')
  }
}
