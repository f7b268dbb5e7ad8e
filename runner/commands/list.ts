import { type ChoiceFlags, choose } from './choose.ts'
import { say } from './say.ts'

/** Lists the cases that would run, a line each. */
export async function list(paths: readonly string[], flags: ChoiceFlags): Promise<number> {
  const { cases } = await choose(paths, flags)
  const { default: Table } = await import('cli-table3')
  const table = new Table({ head: ['case', 'plan', 'target', 'tags'], style: { head: [], border: [] } })
  for (const { title, plan, target, skip } of cases)
    table.push([title, plan.document.file, skip ? `${target.name} (${skip.class})` : target.name, plan.tags.join(', ')])
  say(cases.length === 0 ? 'no case is chosen' : table.toString())
  return cases.length === 0 ? 5 : 0
}
