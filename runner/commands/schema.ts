import { UsageError } from '../contracts/errors.ts'
import { planSchema, targetsSchema } from '../plan/schema.ts'
import { kindsFrom } from './from.ts'
import { say } from './say.ts'

/** Prints the JSON Schema for an editor, with the kinds of plugins in it. */
export async function printSchema(which: string, { from }: { from: string }): Promise<number> {
  const make = which === 'plan' ? planSchema : which === 'targets' ? targetsSchema : undefined
  if (make === undefined) throw new UsageError(`there is no schema "${which}"`, 'use plan or targets')
  say(JSON.stringify(make(await kindsFrom(from)), null, 2))
  return 0
}
