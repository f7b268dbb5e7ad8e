import { defineFault } from '../../runner/contracts/fault.ts'
import { Type } from '../../runner/contracts/params.ts'
import { MACHINE } from '../../runner/contracts/target.ts'
import { lacksNetwork, misplaced, networkAccount, shaped, withoutAddresses } from '../shared/network.ts'

type Groups = readonly (string | readonly string[])[]

/** Cuts groups of services off from each other, both ways. */
export const partition = defineFault({
  name: 'partition',
  summary:
    'Cuts groups of services off from each other, both ways, or `host` (the machine) from services and addresses; what stands in no group sees all of them.',
  params: Type.Unsafe<Groups>({
    type: 'array',
    minItems: 2,
    items: { type: ['string', 'array'], items: { type: 'string', 'x-is': 'peer' }, minItems: 1, 'x-is': 'peer' },
    description:
      'groups of services; or `host`, the machine itself, and those it is cut off from: services or addresses',
  }),
  options: {},
  examples: [{ partition: [['a', 'b'], ['c']] }, { partition: ['host', ['10.0.0.7', 'api.example.com']] }],
  describe: (params) =>
    membersOf(params).map(({ name, peers }) => networkAccount(`cuts ${name} off from ${peers.join(', ')}`)),
  services: (params) => withoutAddresses(groupsOf(params).flat()),
  check: (params, _options, { place, finding }) => misplaced(groupsOf(params), place, finding),
  prepare: (params, _options, context) => {
    const members = new Map(membersOf(params).map(({ name, peers }) => [name, peers]))
    return shaped(
      [...members.keys()],
      (name) => ({ is: 'drop', peers: members.get(name) ?? [], direction: 'both' }),
      context,
    )
  },
  preflight: (params, context) =>
    lacksNetwork(
      membersOf(params).map(({ name }) => name),
      { is: 'drop', peers: [], direction: 'both' },
      context,
    ),
})

/** Each service with those of all later groups: a cut at one end is a cut, and can be proven only once. The machine comes first. */
function membersOf(params: unknown): { name: string; peers: string[] }[] {
  const given = groupsOf(params)
  const groups = [
    ...given.filter((group) => group.includes(MACHINE)),
    ...given.filter((group) => !group.includes(MACHINE)),
  ]
  return groups
    .slice(0, -1)
    .flatMap((group, index) => group.map((name) => ({ name, peers: groups.slice(index + 1).flat() })))
}

function groupsOf(params: unknown): string[][] {
  if (!Array.isArray(params)) return []
  return params.map((group) => (Array.isArray(group) ? group.map(String) : [String(group)]))
}
