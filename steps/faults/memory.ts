import { defineFault } from '../../runner/contracts/fault.ts'
import { subjects, Type } from '../../runner/contracts/params.ts'
import { parseSize } from '../../runner/contracts/units.ts'
import { changesBy, lacksVerb, namesOf } from '../shared/lifecycle.ts'
import { required } from '../shared/required.ts'

/** Fills the memory of a service. */
export const memory = defineFault({
  name: 'memory',
  summary:
    'Fills the memory of a service up to a size or a share of its limit (without one: of what the machine has free); of `host`: of all that the machine has.',
  params: subjects('the service, `host` for the machine itself, or a list of them'),
  options: {
    to: Type.String({
      pattern: '^\\d+(\\.\\d+)?\\s?([KMGT]?i?B|%)$',
      description: 'a size such as 200MiB, or a share such as "90%"',
    }),
  },
  required: ['to'],
  examples: [
    { memory: 'node', to: '90%' },
    { memory: 'node', to: '200MiB' },
    { memory: 'host', to: '80%' },
  ],
  describe: (params, { to }) =>
    namesOf(params).map((name) => ({
      does: `fills the memory of ${name} to ${to}`,
      undo: 'what fills it ends',
      endsBy: 'the process that holds it, which ends with the runner',
    })),
  services: namesOf,
  prepare: (params, { to }, context) => {
    const size = required(to, 'to')
    return changesBy(params, 'hold', context, (verbs, { name, isMachine }) =>
      verbs.hold?.({
        does: `fills the memory of ${name} to ${to}`,
        title: `the memory of ${name} is free`,
        script: isMachine ? machineHog(size) : hogScript(size),
      }),
    )
  },
  preflight: (params, context) => lacksVerb(params, 'hold', context),
})

/**
 * `tail` keeps what it is fed until there is no more, so it holds that much of the service's own memory: any shell has it.
 * The last `cat` holds the pipe open (5), since a shell may have become it and is not there to do so.
 */
function hogScript(to: string): string {
  const percent = /^(\d+(?:\.\d+)?)\s?%$/.exec(to)?.[1]
  const wanted =
    percent === undefined ? Math.round(parseSize(to) ?? 0) : `$((of / 1000 * ${Math.round(Number(percent) * 10)}))`
  return `group=/sys/fs/cgroup/memory limit=memory.limit_in_bytes usage=memory.usage_in_bytes idle=total_inactive_file
[ -r /sys/fs/cgroup/memory.max ] && group=/sys/fs/cgroup limit=memory.max usage=memory.current idle=inactive_file
used() { echo $(($(cat $group/$usage) - $(sed -n "s/^$idle //p" $group/memory.stat))); }
free=$(($(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) * 1024))
of=$(cat $group/$limit 2>/dev/null)
case $of in max | '' | ????????????????*) of= ;; esac
if [ -n "$of" ]; then
  hog=$((${wanted} - $(used))) says="of its limit of $((of / 1048576)) MiB"
else
  of=$free
  hog=${percent === undefined ? `$((${wanted} - $(used)))` : wanted} says="without a limit"
  if [ $hog -gt $((free / 10 * 9)) ]; then
    echo "without a memory limit it shares that of the machine, which has $((free / 1048576)) MiB free: at most 90 % of that, or give the service a limit"
    exit 1
  fi
fi
if [ $hog -le 0 ]; then
  echo "it uses $(($(used) / 1048576)) MiB already, which is more than that"
  exit 1
fi
${fill({ rounds: 40, why: "its memory can't be filled: what should fill it was ended, perhaps for want of memory", ready: '$((hog / 1048576)) MiB taken, $(($(used) / 1048576)) MiB used $says' })}`
}

/** Of what is free a tenth is left, or the kernel would end something to make room, and that might be us. */
function machineHog(to: string): string {
  const percent = /^(\d+(?:\.\d+)?)\s?%$/.exec(to)?.[1]
  const wanted =
    percent === undefined ? Math.round(parseSize(to) ?? 0) : `$((total / 1000 * ${Math.round(Number(percent) * 10)}))`
  return `meminfo() { echo $(($(sed -n "s/^$1: *\\([0-9]*\\) kB/\\1/p" /proc/meminfo) * 1024)); }
used() { echo $((total - $(meminfo MemAvailable))); }
total=$(meminfo MemTotal) free=$(meminfo MemAvailable)
hog=$((${wanted} - (total - free)))
if [ $hog -gt $((free / 10 * 9)) ]; then
  echo "of $((total / 1048576)) MiB the machine has $((free / 1048576)) MiB free, and at most 90 % of that is taken: give a smaller size"
  exit 1
fi
if [ $hog -le 0 ]; then
  echo "the machine uses $(($(used) / 1048576)) MiB already, which is more than that"
  exit 1
fi
${fill({ rounds: 100, why: "the memory can't be filled: what should fill it was ended, or others gave theirs back", ready: '$((hog / 1048576)) MiB taken, $(($(used) / 1048576)) of $((total / 1048576)) MiB used' })}`
}

/** Shell that takes `$hog` bytes by what `tail` keeps, says so once `used` shows it, and holds them until stdin ends. `rounds` of 50 ms. */
function fill({ rounds, why, ready }: { rounds: number; why: string; ready: string }): string {
  return `exec 3>&1
before=$(used)
{
  head -c $hog /dev/zero
  n=0
  while [ $(used) -lt $((before + hog / 10 * 8)) ]; do
    n=$((n + 1))
    if [ $n -gt ${rounds} ]; then
      echo "${why}" >&3
      exit 1
    fi
    sleep 0.05
  done
  echo "ready ${ready}" >&3
  cat 5>&1 >/dev/null
} | tail -c $hog >/dev/null`
}
