import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, targetPath } from '../../runner/contracts/params.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'
import { required } from '../shared/required.ts'

/** A folder that nothing can be written to. */
export const readOnlyFolder = defineFault({
  name: 'read-only',
  summary:
    'Makes a folder of the machine (`host`) read-only, by mounting it over itself; files that are open already stay writable.',
  params: subjects('`host`, the machine itself'),
  options: { path: targetPath('the folder') },
  required: ['path'],
  examples: [{ 'read-only': 'host', path: '/srv/data' }],
  describe: (params, { path }) =>
    namesOf(params).map((name) => ({
      does: `makes ${path} of ${name} read-only`,
      undo: `${path} can be written to`,
      endsBy: 'undo',
    })),
  services: namesOf,
  prepare: (params, { path }, context) => {
    const at = context.target.file(required(path, 'path')).path
    return changesBy(params, 'readOnly', context, (verbs) => verbs.readOnly?.(at))
  },
  preflight: (params, context) => lacksVerb(params, 'readOnly', context),
})
