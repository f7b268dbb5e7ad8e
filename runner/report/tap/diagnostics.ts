import type { Asked, Failure, OutputTail } from '../../contracts/events.ts'
import { formatDuration } from '../../contracts/units.ts'
import { valueText } from '../asked-text.ts'
import { frameLines, whereIs } from '../frame-text.ts'
import { plainTone } from '../tone.ts'
import type { YamlishMapping } from './yamlish.ts'

/** What explains a failure, under the names that readers of TAP know: `message`, `severity`, `at`, `expected`, `actual`. */
export function diagnosticsOf(failure: Failure, more: YamlishMapping = {}): YamlishMapping {
  const { frame, checks, history, logs, asked = [], outputs = [] } = failure
  const [first] = checks
  return {
    message: failure.message,
    severity: failure.class === 'check' ? 'fail' : 'error',
    ...more,
    at: frame && { file: frame.file, line: frame.line, column: frame.column },
    source: frame && [whereIs(frame), ...frameLines(frame, plainTone)].join('\n'),
    path: first?.path,
    expected: first?.expected,
    actual: first?.actual,
    diff: first?.diff?.join('\n'),
    also: checks.length > 1 ? checks.slice(1).map(checkMapping) : undefined,
    asked: asked.length === 0 ? undefined : asked.map(askedMapping),
    history: history.length === 0 ? undefined : history.map(historyMapping),
    last: failure.last,
    outputs: outputs.length === 0 ? undefined : outputs.map(outputMapping),
    logs: logs.length === 0 ? undefined : logs.map(({ service, lines }) => ({ service, lines: lines.join('\n') })),
    hint: failure.hint,
    stack: failure.stack,
  }
}

function checkMapping({ frame, path, expected, actual, diff }: Failure['checks'][number]): YamlishMapping {
  return { path, expected, actual, diff: diff?.join('\n'), at: frame && whereIs(frame) }
}

function historyMapping({ t, says, times }: Failure['history'][number]): YamlishMapping {
  return { after: formatDuration(t), says, times }
}

function askedMapping({ text, values }: Asked): YamlishMapping {
  const pairs = Object.entries(values).map(([name, value]): [string, string | number] => [
    name,
    typeof value === 'string' || typeof value === 'number' ? value : valueText(value),
  ])
  return { text, values: pairs.length === 0 ? undefined : Object.fromEntries(pairs) }
}

export function outputMapping({ of, stream, lines, total, cut, path }: OutputTail): YamlishMapping {
  return { of, stream, total, ...(cut ? { cut: 'yes' } : {}), file: path, lines: lines.join('\n') }
}
