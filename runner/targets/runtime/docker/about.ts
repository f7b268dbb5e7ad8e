import type { Undo } from '../../../contracts/undo.ts'
import type { Group } from './group.ts'

const SETTLES = 10_000

/** A service and the shell its undo begins with. */
export interface At {
  readonly group: Group
  readonly shell: string
}

export type Parts = Pick<Undo, 'title' | 'sh' | 'verify'> & Partial<Pick<Undo, 'keeps' | 'ends' | 'settles'>>

/** What all changes of a service have in common. */
export function about({ group, shell }: At, does: string, undo?: Parts) {
  const touches = [{ service: group.name }]
  if (!undo) return { does, touches, without: 'not-needed' } as const
  const { sh, verify } = undo
  return {
    does,
    touches,
    undo: {
      of: 'fault',
      settles: SETTLES,
      touches,
      goesWithStack: true,
      ends: { by: 'undo' },
      ...undo,
      sh: `${shell}\n${sh}`,
      verify: verify === undefined ? undefined : `${shell}\n${verify}`,
    },
  } as const
}
