import { defineFault } from '../../runner/contracts/fault.ts'
import { Type } from '../../runner/contracts/params.ts'
import { lacksNetwork, networkAccount, shaped } from '../shared/network.ts'

type Groups = readonly (string | readonly string[])[]

/** Cuts groups of services off from each other, both ways. */
export const partition = defineFault({
  name: 'partition',
  summary: 'Cuts groups of services off from each other, both ways; what stands in no group sees all of them.',
  params: Type.Unsafe<Groups>({
    type: 'array',
    minItems: 2,
    items: { type: ['string', 'array'], items: { type: 'string', 'x-is': 'service' }, minItems: 1, 'x-is': 'service' },
    description: 'groups of services',
  }),
  options: {},
  examples: [{ partition: [['a', 'b'], ['c']] }],
  describe: (params) =>
    membersOf(params).map(({ name, peers }) => networkAccount(`cuts ${name} off from ${peers.join(', ')}`)),
  services: (params) => groupsOf(params).flat(),
  prepare: (params, _options, context) => {
    const members = new Map(membersOf(params).map(({ name, peers }) => [name, peers]))
    return shaped(
      [...members.keys()],
      (name) => ({ is: 'drop', peers: members.get(name) ?? [], direction: 'both' }),
      context,
    )
  },
  preflight: (params, context) =>
    lacksNetwork(groupsOf(params).flat(), { is: 'drop', peers: [], direction: 'both' }, context),
})

/** Each service with those of all later groups: a cut at one end is a cut, and can be proven only once. */
function membersOf(params: unknown): { name: string; peers: string[] }[] {
  const groups = groupsOf(params)
  return groups
    .slice(0, -1)
    .flatMap((group, index) => group.map((name) => ({ name, peers: groups.slice(index + 1).flat() })))
}

function groupsOf(params: unknown): string[][] {
  if (!Array.isArray(params)) return []
  return params.map((group) => (Array.isArray(group) ? group.map(String) : [String(group)]))
}
