import { describe, expect, test } from 'bun:test'
import { validateXML } from 'xmllint-wasm'
import type { RunEvent } from '../contracts/events.ts'
import { cleanEvent, cleanLine, cleanText } from './plain-text.ts'
import { eventsIn } from './replay.ts'
import { eventsOf, logs, logText, reportOf, withTexts } from './testing.ts'
import { errorsIn, prove, proveTest } from './testing-tap.ts'

const controls = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join('')
/** What a stack may put into any text: every byte, what ends elements, lines and sequences, and what is no character. */
const hostile: Readonly<Record<string, string>> = {
  'every control character and byte': `${controls}${Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]).toString('latin1')).join('')}`,
  'bytes that are no UTF-8': Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80, 0x41]).toString('utf8'),
  'lone surrogates and noncharacters': 'a\ud800b\udc00c\ufffed\uffffe\ufdd0f\u{1fffe}g',
  'ends of CDATA, comments and elements': ']]> --> </failure></testcase> &amp; &#0; <![CDATA[ "\' ',
  'an escape sequence that never ends': 'before \u001b]0;title and \u001b[31',
  'cursor movements and colours': '\u001b[2J\u001b[1A\u001b[31mred\u001b[0m\r\u001b[2K',
  'lines of TAP': 'x\nok 1 - forged\nnot ok 2\nBail out! forged\n1..99\n  ---\n  a: b\n  ...\n# Subtest: x',
  directives: 'half # SKIP all # TODO none \\# \\\\#',
  YAML: '---\n...\n- a: b: c\n{x: y}\n|\n> \n\n  \n\tz: "',
  'only spaces': '   \n \t ',
  nothing: '',
  'text that turns around': 'a\u202eb\u2066c\u200fd\u2028e\u2029f\u0085g',
  'wide and combined': '日本語 é e\u0301 👩‍👩‍👧 ｆｕｌｌ',
  'a line of 5,000 characters': 'x'.repeat(5_000),
}

describe('whatever stands in the texts of a run', () => {
  for (const [what, text] of Object.entries(hostile)) {
    const runs = ['failing-wait', 'for-each', 'drifted', 'skipped', 'stack-down'].map((log) => eventsWith(log, text))

    test(`${what}: junit is XML, also strictly`, async () => {
      const xml = runs.flatMap((events) => [
        reportOf('junit', events),
        reportOf('junit', events, { options: ['strict'] }),
        reportOf('junit', events, { options: ['steps'] }),
      ])
      expect(await complaints(await Promise.all(xml))).toEqual([])
    })

    test(`${what}: tap has no line that is none of ours`, async () => {
      for (const events of runs) {
        const tap = await reportOf('tap', events)
        expect(await errorsIn(tap)).toEqual([])
        expect(tap).not.toMatch(/^Bail out!/m)
      }
    })

    test(`${what}: pretty steers no terminal`, async () => {
      for (const events of runs) {
        expect(await reportOf('pretty', events)).not.toMatch(
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
        )
        const live = await reportOf('pretty', events, { columns: 80, color: 1 })
        expect(live.replace(/\r\u001b\[2K|\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
      }
    })

    test(`${what}: ndjson gives the same events back`, async () => {
      for (const events of runs) expect(eventsIn(await reportOf('ndjson', events))).toEqual(events)
    })
  }

  proveTest('prove reads it', async () => {
    const made = Object.values(hostile).flatMap((text) =>
      ['failing-wait', 'for-each'].map((log) => reportOf('tap13', eventsWith(log, text))),
    )
    const taps = await Promise.all(made)
    const { out } = prove(...taps)
    expect(out).toContain(`Files=${taps.length}`)
    expect(out).not.toContain('Parse errors')
    expect(out).not.toContain('Further testing stopped')
  })
})

describe('clean text', () => {
  test('has no colours, and shows what else is not to be seen', async () => {
    expect(cleanText('\u001b[31mred\u001b[0m\u0000 \u0007 \u007f \u0085 \u202e')).toBe('red␀ ␇ ␡ \\u{85} \\u{202e}')
  })

  test('keeps lines and tabs; a line has neither', async () => {
    expect(cleanText('a\r\nb\tc\n')).toBe('a\nb\tc\n')
    expect(cleanLine(' a\r\n  b\tc\n')).toBe('a b c')
  })

  test('is left alone when there is nothing to clean', async () => {
    for (const log of logs.filter((name) => !logText(name).includes('\\u001b')))
      for (const event of eventsOf(log)) expect(cleanEvent(event)).toEqual(event)
  })
})

function eventsWith(log: string, text: string): RunEvent[] {
  return eventsOf(log).map((event) => withTexts(event, (own) => `${text}${own.slice(0, 12)}${text}`))
}

async function complaints(documents: readonly string[]): Promise<string[]> {
  const xml = documents.map((contents, index) => ({ fileName: `${index}.xml`, contents }))
  const { errors } = await validateXML({ xml, normalization: 'c14n' })
  return errors.map(({ rawMessage }) => rawMessage)
}
