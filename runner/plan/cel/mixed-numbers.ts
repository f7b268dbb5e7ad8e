/** Numbers of JSON are int or double as they happen to be written: what is mixed works, and text takes a value. */
type Environment = import('@marcbachmann/cel-js').Environment

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}

export function withMixedNumbers(made: Environment): Environment {
  for (const [sign, of] of Object.entries(operations)) {
    made.registerOperator(`int ${sign} double`, (a: bigint, b: number) => of(asDouble(a, b), b))
    made.registerOperator(`double ${sign} int`, (a: number, b: bigint) => of(a, asDouble(b, a)))
  }
  made.registerOperator('double % double', (a: number, b: number) => a % b)
  // Operators compare a BigInt with a number exactly.
  made.registerOperator('int == double', (a: bigint, b: number) => a <= b && a >= b)
  for (const type of ['int', 'double', 'bool']) {
    made.registerOperator(`string + ${type}`, (a: string, b: unknown) => `${a}${b}`)
    made.registerOperator(`${type} + string`, (a: unknown, b: string) => `${a}${b}`)
  }
  return made
}

/** A double holds 53 bits: arithmetic that would lose digits is an error, and not a wrong number. */
function asDouble(whole: bigint, beside: number): number {
  const double = Number(whole)
  if (Number.isSafeInteger(double)) return double
  throw new Error(`${whole} has more digits than arithmetic with ${beside} keeps: use whole numbers alone`)
}
