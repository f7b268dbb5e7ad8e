/** A command inside a container as an undo: run there by the Engine, with nothing but `sh` outside. */
import { type Command, quote } from '../../../contracts/command.ts'
import type { FileUndo } from '../../../contracts/target.ts'
import { named } from './group.ts'
import { commandBody, INSIDE, type InsideOptions } from './inside-script.ts'
import type { Inspection } from './inspection.ts'
import { endsWhenGone } from './scripts.ts'

/** Its exit code is that of the command; a container that is gone counts as undone. */
export function commandUndoInside(
  of: Inspection,
  shell: string,
  command: Command,
  verify: Command | undefined,
  options: InsideOptions,
): FileUndo {
  const run = (gone: string, kept: string) => `${shell}
${INSIDE}
look ${of.Id}
${gone}
case $state in
  running) ;;
  *) refuse ${quote(`nothing can be run in ${named(of).name}`)}", which is $state: it is started again first" ;;
esac
inside ${of.Id} "$kept.${kept}"`
  return {
    sh: run(endsWhenGone(named(of).name), 'inside'),
    verify: verify && run('[ "$state" != gone ] || exit 0', 'inside-check'),
    keeps: {
      inside: commandBody(command, options),
      ...(verify ? { 'inside-check': commandBody(verify, options) } : {}),
    },
  }
}
