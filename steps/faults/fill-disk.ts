import { quote } from '../../runner/contracts/command.ts'
import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type, targetPath } from '../../runner/contracts/params.ts'
import { parseSize } from '../../runner/contracts/units.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'
import { required } from '../shared/required.ts'

/** Fills a disk of a service. */
export const fillDisk = defineFault({
  name: 'fill-disk',
  summary:
    'Fills a disk that a service has for itself (a volume, a tmpfs); the space is free again as soon as nobody holds it. Of `host`: any disk, but of those of the system 64 MiB are left.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: {
    path: targetPath('a folder on that disk, inside of the service, or on the host'),
    leave: Type.String({
      pattern: '^\\d+(\\.\\d+)?\\s?[KMGT]?i?B$',
      description: 'how much stays free (default: nothing)',
    }),
  },
  required: ['path'],
  examples: [
    { 'fill-disk': 'database', path: '/var/lib/data', leave: '1MiB' },
    { 'fill-disk': 'host', path: '/srv', leave: '100MiB' },
  ],
  describe: (params, { path, leave }) =>
    namesOf(params).map((name) => ({
      does: `fills ${path} of ${name}${leave ? ` up to the last ${leave}` : ''}`,
      undo: 'what fills it goes',
      endsBy: 'the process that holds it, which ends with the runner',
    })),
  services: namesOf,
  prepare: (params, { path, leave = '0B' }, context) => {
    const given = required(path, 'path')
    const left = Math.round(parseSize(leave) ?? 0)
    return changesBy(params, 'hold', context, (verbs, { name, isMachine }) => {
      const folder = isMachine ? context.target.file(given).path : given
      return verbs.hold?.({
        does: `fills ${folder} of ${name}`,
        title: `${folder} of ${name} has its space`,
        script: fillScript(folder, left, isMachine ? mayFillMachine(left) : mayFill),
      })
    })
  },
  preflight: (params, context) => lacksVerb(params, 'hold', context),
})

/**
 * The file has no name any more when it is filled: it is gone with the process that holds it, whatever ends that. The disk of the
 * machine is known by /etc/hosts, which lies there in a container, too.
 */
function fillScript(path: string, leave: number, guard: string): string {
  return `path=${quote(path)}
[ -d "$path" ] || { echo "there is no folder $path"; exit 1; }
total() { set -- $(df -Pk "$1" | sed -n 2p); echo "$2"; }
free() { set -- $(df -Pk "$1" | sed -n 2p); echo "$4"; }
same() { apart=$(($(free "$path") - $(free "$1"))); [ "$(total "$path")" = "$(total "$1")" ] && [ \${apart#-} -lt 1024 ]; }
${guard}
before=$(free "$path")
amount=$((before * 1024 - ${leave}))
[ $amount -gt 0 ] || { echo "$path has only $before KiB free already"; exit 1; }
file=$path/.shakedown-$$
exec 4>"$file" || { echo "nothing can be written to $path"; exit 1; }
rm -f "$file"
fallocate -l $amount /proc/self/fd/4 2>/dev/null || head -c $amount /dev/zero >&4 2>/dev/null
${leave === 0 ? 'head -c 1073741824 /dev/zero >>/proc/self/fd/4 2>/dev/null' : ''}
after=$(free "$path")
[ $((before - after)) -gt 0 ] || { echo "$path has as much space as before"; exit 1; }
echo "ready $((before - after)) KiB of $path taken, $after KiB left"
cat >/dev/null`
}

const mayFill = `if same /etc/hosts; then
  echo "$path is on the disk of the machine, and filling that would break the machine: give the service a tmpfs or a volume with a size of its own"
  exit 1
fi`

/** What the system and we ourselves write to keeps some room: the journal of the way back lies there. */
const ROOM = 64 * 1024 * 1024

function mayFillMachine(leave: number): string {
  if (leave >= ROOM) return ''
  return `for one in / /tmp /var /run /dev/shm "$HOME"; do
  [ -d "$one" ] && same "$one" || continue
  echo "$path is on a disk that the machine itself writes to ($one), and so does what puts it back: write leave: 64MiB or more"
  exit 1
done`
}
