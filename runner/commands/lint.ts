import { type ChoiceFlags, choose } from './choose.ts'
import { say } from './say.ts'

/** Says what is wrong with plans, or that nothing is. Touches nothing. */
export async function lint(paths: readonly string[], flags: ChoiceFlags): Promise<number> {
  const { cases } = await choose(paths, flags)
  const plans = new Set(cases.map(({ plan }) => plan.document.file)).size
  if (!flags.quiet)
    say(
      `${plans} ${plans === 1 ? 'plan' : 'plans'}, ${cases.length} ${cases.length === 1 ? 'case' : 'cases'}: nothing is wrong`,
    )
  return cases.length === 0 ? 5 : 0
}
