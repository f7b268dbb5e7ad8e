/** The shell that undoes and verifies what was done to containers: it looks first, since the Engine refuses what is done already. */
import { quote } from '../../../contracts/command.ts'
import { DRIFTED, NOTE } from '../../../contracts/undo.ts'
import { INSIDE } from './inside-script.ts'

/** A container as an undo names it: by id, so that another one of the same name is never touched. */
export interface Named {
  readonly id: string
  readonly name: string
  /** When it was started, as the Engine tells. */
  readonly started: string
}

/**
 * `gone NAME`, for a container that can't be found by its id: says what became of it, and sets `$theirs` to the exit code of
 * the undo. What was removed has nothing to put back; another one in its place is somebody else's, and left alone, unless
 * it is one that we made, or will replace.
 */
export const GONE = `theirs=0
gone() {
  look "$1"
  if [ "$state" = gone ]; then
    echo "${NOTE}$1 was removed by somebody else meanwhile"
  elif ! grep -q '"shakedown.mark":' "$out" && ! grep -qxF "$1" "\${kept%/*}/made-again" 2>/dev/null; then
    echo "$1 was replaced by another container meanwhile, which is left alone" >&2
    theirs=${DRIFTED}
  fi
}`

/** `body` sees `$id` and `$name`. */
function each(containers: readonly Named[], body: string, gone = 'gone "$name"'): string {
  const list = containers.map(({ id, name }) => `${id}:${name}`).join(' ')
  return `${GONE}
for one in ${list}; do
  id=\${one%%:*} name=\${one#*:}
  look "$id"
  if [ "$state" = gone ]; then ${gone}; continue; fi
${body}
done
exit $theirs`
}

/** Ends a script of one container when that is gone. */
export function endsWhenGone(name: string): string {
  return `${GONE}
if [ "$state" = gone ]; then gone ${quote(name)}; exit $theirs; fi`
}

/** 304 is what runs already. */
const START = `api POST "/containers/$id/start"
  case $status in 204 | 304 | 404) ;; *) refuse "$name can't be started: $(said)" ;; esac`

/**
 * A stop that was sent before the runner was killed may still be going on: one that runs as it did before, of a change that
 * was never marked as applied, is looked at for as long as Docker waits before it kills.
 */
export function startAll(containers: readonly Named[]): string {
  const doubt = containers.map(({ started }) => started).join(' ')
  return `number=$(expr "\${kept##*/}" + 0 2>/dev/null)
n=0
grep -q "\\"id\\":$number,\\"state\\":\\"applied\\"" "\${kept%/*}/journal.jsonl" 2>/dev/null && n=60
doubtful() {
  [ $n -lt 60 ] || return 1
  for start in ${doubt}; do grep -q "\\"StartedAt\\":\\"$start\\"" "$out" && return 0; done
  return 1
}
${each(
  containers,
  `  while [ "$state" = running ] && doubtful; do n=$((n + 1)); sleep 0.2; look "$id"; done
  case $state in running | restarting | paused | gone) continue ;; esac
  ${START}`,
)}`
}

export function runAll(containers: readonly Named[]): string {
  return each(containers, `  [ "$state" = running ] || refuse "$name is $state"`, ':')
}

export function unpauseAll(containers: readonly Named[]): string {
  return each(
    containers,
    `  [ "$state" = paused ] || continue
  api POST "/containers/$id/unpause"
  case $status in 204 | 404 | 409 | 500) ;; *) refuse "$name can't go on: $(said)" ;; esac`,
  )
}

export function unpausedAll(containers: readonly Named[]): string {
  return each(containers, `  [ "$state" != paused ] || refuse "$name is paused"`, ':')
}

export function stopAll(containers: readonly Named[]): string {
  return each(
    containers,
    `  case $state in exited | created | dead) continue ;; esac
  api POST "/containers/$id/stop"
  case $status in 204 | 304 | 404) ;; *) refuse "$name can't be stopped: $(said)" ;; esac`,
  )
}

export function stoppedAll(containers: readonly Named[]): string {
  return each(containers, `  case $state in exited | created | dead) ;; *) refuse "$name is $state" ;; esac`, ':')
}

/** `kept` is the file with the endpoint's configuration: aliases and address do not survive a disconnect. */
export function reconnect(of: Named, network: string, kept: string): string {
  return `look ${of.id}
${endsWhenGone(of.name)}
grep -q '"NetworkID":"${network}"' "$out" && exit 0
api POST /networks/${network}/connect "$kept.${kept}"
case $status in
  200 | 403) exit 0 ;;
  404) echo ${quote(`a network of ${of.name} is gone`)}; exit 0 ;;
  *) refuse "${of.name} can't be put back on its network: $(said)" ;;
esac`
}

export function connected(of: Named, network: string): string {
  return `look ${of.id}
[ "$state" = gone ] && exit 0
grep -q '"NetworkID":"${network}"' "$out" || refuse "${of.name} is not on its network"`
}

/** How a container is made again: files kept aside hold what the Engine takes. */
export interface Remake {
  readonly name: string
  /** Of the container that must go first; undefined when it was removed. */
  readonly mark?: string | undefined
  /** The file with what the Engine takes to make it. */
  readonly create: string
  /** Networks beyond the first: id and the file with the endpoint's configuration. */
  readonly networks: readonly { readonly id: string; readonly kept: string }[]
  readonly running: boolean
}

/** A container of that name without the mark is somebody's who was faster: it counts, and is only started. */
export function makeAgain({ name, mark, create, networks, running }: Remake): string {
  const connects = networks.map(
    ({ id, kept }) => `api POST /networks/${id}/connect "$kept.${kept}"
  case $status in 200 | 403 | 404) ;; *) refuse "${name} can't be put back on its networks: $(said)" ;; esac`,
  )
  const unmark =
    mark === undefined
      ? ''
      : `if [ "$state" != gone ] && grep -q '"shakedown.mark":"${mark}"' "$out"; then
  api DELETE "/containers/${name}?force=1"
  case $status in 204 | 404) state=gone ;; *) refuse "${name} can't be replaced: $(said)" ;; esac
fi
`
  return `name=${name}
look "$name"
${unmark}if [ "$state" = gone ]; then
  api POST "/containers/create?name=$name" "$kept.${create}"
  [ "$status" = 201 ] || refuse "$name can't be made again: $(said)"
  ${connects.join('\n  ')}
  echo "$name" >>"\${kept%/*}/made-again"
fi
id=$name
${running ? START : ':'}`
}

export function madeAgain({ name, mark, running }: Remake): string {
  return `look ${name}
[ "$state" = gone ] && refuse '${name} is not there'
${mark === undefined ? '' : `grep -q '"shakedown.mark":"${mark}"' "$out" && refuse '${name} is still the changed one'`}
${running ? `[ "$state" = running ] || refuse "${name} is $state"` : ''}
exit 0`
}

/** One limit of the processor: `CpuQuota` in microseconds of 100 ms, or `NanoCpus` where that is how it was given. */
export interface CpuLimit {
  readonly key: 'CpuQuota' | 'NanoCpus'
  readonly before: number
  readonly during: number
}

/** What is neither the limit before nor the one during the fault is somebody else's. */
export function resetCpu(of: Named, { key, before, during }: CpuLimit, kept: string): string {
  return `look ${of.id}
${endsWhenGone(of.name)}
limit=$(sed -n 's/.*"${key}":\\(-*[0-9]*\\).*/\\1/p' "$out")
case $limit in ${during}) ;; ${before} | -1) exit 0 ;; *) echo "the CPU limit of ${of.name} was changed by somebody else meanwhile" >&2; exit ${DRIFTED} ;; esac
api POST /containers/${of.id}/update "$kept.${kept}"
[ "$status" = 200 ] || refuse "the CPU limit of ${of.name} can't be put back: $(said)"`
}

export function cpuReset(of: Named, { key, during }: CpuLimit): string {
  return `look ${of.id}
[ "$state" = gone ] || ! grep -q '"${key}":${during},' "$out" || refuse 'the CPU limit of ${of.name} is still in'`
}

/** Ends what is held inside by its mark; a container that does not run holds nothing. */
export function endHeld(of: Named, kept: string): string {
  return `look ${of.id}
case $state in running) ;; paused) refuse '${of.name} is paused' ;; *) exit 0 ;; esac
${INSIDE}
inside ${of.id} "$kept.${kept}" || exit 1`
}

/** One script after another, each in a shell of its own; the worst exit code is that of all. */
export function inTurn(scripts: readonly string[]): string {
  if (scripts.length === 1) return scripts[0] as string
  return `worst=0
${scripts.map((script) => `(\n${script}\n) || worst=$?`).join('\n')}
exit $worst`
}

/** A Compose that is still going on would bring up what is taken down; it is known by the project among its arguments. */
export function endCompose(project: string): string {
  return `for p in $(grep -lszxF -- ${project} /proc/[0-9]*/cmdline 2>/dev/null); do
  p=\${p#/proc/}
  kill -9 "\${p%/cmdline}" 2>/dev/null
done
[ -d /proc/self ] || pkill -9 -f -- "--project-name ${project} " 2>/dev/null`
}

/** Containers with these labels go, but for those of these names. */
export function onlyThese(labels: readonly string[], names: readonly string[]): string {
  const filters = encodeURIComponent(JSON.stringify({ label: labels }))
  return `api GET "/containers/json?all=1&filters=${filters}"
for one in $(tr ',{' '\\n\\n' <"$out" | sed -n 's/^"Id":"\\([^"]*\\)"$/\\1/p' | sort -u); do
  api GET "/containers/$one/json"
  name=$(sed -n 's/.*"Name":"\\(\\/[^"]*\\)".*/\\1/p' "$out")
  case ' ${names.join(' ')} ' in *" $name "*) continue ;; esac
  api DELETE "/containers/$one?force=1&v=1"
  case $status in 20? | 404) ;; *) refuse "$one can't be removed: $(said)" ;; esac
done
exit 0`
}

/** On a container that was made again: its volumes without a name. They have one to the Engine by now, and would stay behind. */
export const VOLUMES_LABEL = 'shakedown.volumes'

/** Everything that carries the label goes: containers, then networks and volumes. */
export function removeAll(label: string, networks: boolean): string {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  const sweep = (list: string, key: string, remove: string) => `api GET "${list}filters=${filters}"
for one in $(tr ',{' '\\n\\n' <"$out" | sed -n 's/^"${key}":"\\([^"]*\\)"$/\\1/p' | sort -u); do
  api DELETE "${remove}"
  case $status in 20? | 404) ;; *) refuse "$one can't be removed: $(said)" ;; esac
done`
  return [
    `api GET "/containers/json?all=1&filters=${filters}"
unnamed=$(tr ',{' '\\n\\n' <"$out" | sed -n 's/^"${VOLUMES_LABEL}":"\\([0-9a-f ]*\\)".*/\\1/p')`,
    sweep('/containers/json?all=1&', 'Id', '/containers/$one?force=1&v=1'),
    ...(networks
      ? [sweep('/networks?', 'Id', '/networks/$one'), sweep('/volumes?', 'Name', '/volumes/$one?force=1')]
      : []),
    // One that somebody else uses, too, answers 409 and stays.
    'for one in $unnamed; do api DELETE "/volumes/$one"; done',
    'exit 0',
  ].join('\n')
}

export function allRemoved(label: string): string {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }))
  return `api GET "/containers/json?all=1&filters=${filters}"
[ "$(tr -d ' \\n' <"$out")" = '[]' ] || refuse 'containers of the stack are still there'
api GET "/networks?filters=${filters}"
[ "$(tr -d ' \\n' <"$out")" = '[]' ] || refuse 'networks of the stack are still there'`
}
