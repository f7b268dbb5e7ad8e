/**
 * The shape that Jenkins' junit-10.xsd, the Ant JUnit.xsd and, suite by suite, Surefire's agree on; a rich report adds
 * attributes and properties of a case, which they don't know and most consumers read. Suites are flat: nested ones vanish
 * in some consumers.
 */
import { cleanLine } from '../plain-text.ts'
import type { CaseRecord } from '../record.ts'
import type { RunRecord } from '../run-record.ts'
import { element, textElement } from '../xml.ts'
import { type TestCase, testCases } from './cases.ts'
import type { Result } from './results.ts'

export interface JUnitOptions {
  readonly strict: boolean
  readonly steps: boolean
}

interface Suite {
  readonly name: string
  readonly package: string
  readonly cases: readonly CaseRecord[]
  readonly tests: readonly TestCase[]
}

export function junitDocument(run: RunRecord, options: JUnitOptions): string {
  const suites = suitesOf(run, options)
  const totals = options.strict ? {} : { name: 'shakedown', ...countsOf(suites.flatMap(({ tests }) => tests)) }
  const inner = suites.map((suite, id) => suiteElement(suite, id, run, options))
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', totals, inner)}\n`
}

/** A suite for each plan on each target. */
function suitesOf(run: RunRecord, { steps }: JUnitOptions): Suite[] {
  const grouped = Map.groupBy(
    run.cases.values(),
    ({ planned }) => `${dotted(planned.file)}@${cleanLine(planned.target)}`,
  )
  return [...grouped].map(([name, cases]) => ({
    name,
    package: dotted(cases[0]?.planned.file ?? '').replace(/\.?[^.]*$/, ''),
    cases,
    tests: uniquelyNamed(cases.flatMap((kase) => testCases(kase, steps))),
  }))
}

/** `plans/node-down.yaml` → `plans.node-down`. */
function dotted(file: string): string {
  const parts = cleanLine(file)
    .replace(/\.ya?ml$/, '')
    .split('/')
  return parts.filter((part) => part !== '' && part !== '.' && part !== '..').join('.') || 'plan'
}

function uniquelyNamed(tests: readonly TestCase[]): TestCase[] {
  const taken = new Set<string>()
  return tests.map((test) => {
    let name = test.name
    for (let count = 2; taken.has(name); count++) name = `${test.name} #${count}`
    taken.add(name)
    return { ...test, name }
  })
}

function suiteElement(suite: Suite, id: number, run: RunRecord, options: JUnitOptions): string {
  const { time, ...counts } = countsOf(suite.tests)
  const attributes = {
    name: suite.name,
    package: suite.package,
    id,
    timestamp: timestampOf(suite.cases.find(({ at }) => at !== undefined)?.at ?? run.started?.at),
    hostname: cleanLine(run.started?.host ?? '') || 'localhost',
    ...counts,
    time,
  }
  return element('testsuite', attributes, [
    propertiesElement({
      run: run.started?.run ?? '',
      version: run.started?.version ?? '',
      target: suite.cases[0]?.planned.target ?? '',
    }),
    ...suite.tests.map((test) => caseElement(test, suite.name, options)),
    element('system-out', {}),
    element('system-err', {}),
  ])
}

function propertiesElement(properties: Readonly<Record<string, string>>): string {
  return element(
    'properties',
    {},
    Object.entries(properties).map(([name, value]) => element('property', { name, value })),
  )
}

function caseElement(test: TestCase, classname: string, { strict }: JUnitOptions): string {
  const attributes = { name: test.name, classname, time: seconds(test.duration) }
  const result = test.result ? [resultElement(test.result, strict)] : []
  if (strict) return element('testcase', attributes, result)
  const properties = Object.keys(test.properties).length > 0 ? [propertiesElement(test.properties)] : []
  const out = test.out.length > 0 ? [textElement('system-out', {}, test.out.join('\n'))] : []
  return element('testcase', { ...attributes, file: test.file, line: test.line }, [...properties, ...result, ...out])
}

function resultElement({ is, type, message, text }: Result, strict: boolean): string {
  // Ant's schema knows no type of a `skipped`.
  if (is === 'skipped' && strict) return element(is, { message })
  return textElement(is, { message, type }, text)
}

function countsOf(tests: readonly TestCase[]) {
  const count = (is: Result['is']) => tests.filter(({ result }) => result?.is === is).length
  return {
    tests: tests.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(tests.reduce((sum, { duration }) => sum + duration, 0)),
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

/** UTC without a zone, to the second. */
function timestampOf(at: string | undefined): string {
  const text = at?.slice(0, 19) ?? ''
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? text : '1970-01-01T00:00:00'
}
