import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validateXML } from 'xmllint-wasm'
import { eventsOf, logs, reportOf, testdata } from './testing.ts'

const xsd = (name: string) => readFileSync(join(testdata, 'xsd', name), 'utf8')

describe('junit.strict', () => {
  const documents = Promise.all(logs.map((log) => reportOf('junit', eventsOf(log), { options: ['strict'] })))

  for (const name of ['junit-10.xsd', 'JUnit.xsd'])
    test(`is what ${name} expects`, async () => {
      expect(await errorsOf(await documents, xsd(name))).toEqual([])
    })

  test("is, suite by suite and but for what only Ant's schema demands, what Surefire's expects", async () => {
    const suites = (await documents)
      .flatMap((text) => text.match(/<testsuite [\s\S]*?<\/testsuite>/g) ?? [])
      .map(withoutAnts)
    expect(suites.length).toBeGreaterThan(logs.length)
    expect(await errorsOf(suites, xsd('surefire-test-report.xsd'))).toEqual([])
  })

  test('the schemas would refuse a rich report', async () => {
    const rich = [await reportOf('junit', eventsOf('node-down'))]
    for (const name of ['junit-10.xsd', 'JUnit.xsd']) expect(await errorsOf(rich, xsd(name))).not.toEqual([])
  })
})

describe('junit', () => {
  test('is XML', async () => {
    const documents = logs.flatMap((log) => [
      reportOf('junit', eventsOf(log)),
      reportOf('junit', eventsOf(log), { options: ['steps'] }),
    ])
    expect(await errorsOf(await Promise.all(documents))).toEqual([])
  })

  test('a failure says first what is wrong, then where, as consumers link it', async () => {
    const text = await reportOf('junit', eventsOf('failing-wait'))
    const failure = /<failure[^>]*>([\s\S]*?)<\/failure>/.exec(text)?.[1]?.split('\n') ?? []
    expect(failure[0]).toBe('not within 4s: $.workers.admitted is 3, expected 0 (and 1 more)')
    expect(failure[1]).toBe('    at workers are sent away (plans/node-down.yaml:18:31)')
    expect(failure.join('\n')).toContain('while it was waited for')
    expect(failure.join('\n')).toContain('WARN node is down')
  })

  test('the case stands at the line that failed, with its attachments and properties', async () => {
    const text = await reportOf('junit', eventsOf('failing-wait'))
    expect(text).toContain('file="plans/node-down.yaml" line="18"')
    expect(text).toContain('[[ATTACHMENT|shakedown-results/20251123-101500-a1b2/1-node-down/gateway.log]]')
    expect(text).toContain('<property name="tags" value="failover smoke"/>')
  })

  test('a suite is a plan on a target, a case its title with the matrix', async () => {
    const text = await reportOf('junit', eventsOf('side-by-side'))
    expect(text.match(/<testsuite /g)).toHaveLength(2)
    expect(text).toContain('<testsuite name="plans.node-down@demo"')
    expect(text).toContain('name="Node down [pool=main]"')
  })

  test('what was put back and sub-results are cases of their own', async () => {
    expect(await reportOf('junit', eventsOf('node-down'))).toContain('name="Node down › restored: node is running"')
    const each = await reportOf('junit', eventsOf('for-each'))
    expect(each).toContain('› the conformance suite: refuses a stale one # 7"')
    expect(each).toContain('tests="4" failures="2" errors="0" skipped="1"')
  })

  test('the environment is an error, and so is a target that is not as before', async () => {
    expect(await reportOf('junit', eventsOf('stack-down'))).toContain(
      '<error message="node exited with 1 before it was ready"',
    )
    const drifted = await reportOf('junit', eventsOf('drifted'))
    expect(drifted).toContain('type="restore.failed"')
    expect(drifted).toContain('type="restore.drifted"')
    expect(drifted).toContain('errors="3"')
  })

  test('a case that a killed run did not come to is an error, not a skip', async () => {
    expect(await reportOf('junit', eventsOf('killed'))).toContain('errors="2" skipped="0"')
  })

  test('it is written once, when the run has ended', async () => {
    const events = eventsOf('node-down')
    expect((await reportOf('junit', events)).match(/<\?xml/g)).toHaveLength(1)
    expect(await reportOf('junit', [])).toContain('<testsuites')
  })

  test('names are unique within a suite', async () => {
    const [kase] = eventsOf('node-down').flatMap((event) => (event.is === 'run.started' ? event.cases : []))
    if (!kase) throw new Error('the log has no case')
    const twice = eventsOf('node-down').map((event) =>
      event.is === 'run.started' ? { ...event, cases: [kase, { ...kase, id: '2' }] } : event,
    )
    expect(await reportOf('junit', twice)).toContain('name="Node down #2"')
  })
})

/** Ant's schema demands attributes and elements of a suite that Surefire's (3.0.2) refuses, so none can please both. */
function withoutAnts(suite: string): string {
  return suite
    .replace(/<testsuite [^>]*>/, (start) => start.replace(/ (package|id|hostname)="[^"]*"/g, ''))
    .replace('\n<system-out/>\n<system-err/>\n</testsuite>', '\n</testsuite>')
}

/** Complaints of libxml2, about the schema or, without one, about the XML. */
async function errorsOf(documents: readonly string[], schema?: string): Promise<string[]> {
  const xml = documents.map((contents, index) => ({ fileName: `${index}.xml`, contents }))
  const checked = schema === undefined ? { normalization: 'c14n' as const } : { schema }
  const { errors } = await validateXML({ xml, ...checked })
  return errors.map(({ rawMessage }) => rawMessage)
}
