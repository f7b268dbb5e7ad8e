/** Less processor time for all that runs on the machine: processes that go before all others use up the rest. */
import { CheckFailure } from '../../contracts/errors.ts'
import { MACHINE } from '../../contracts/target.ts'
import type { Change } from '../../contracts/undo.ts'
import { demand } from './ask.ts'
import { holdOn } from './hold.ts'
import type { Machine } from './machine.ts'

export async function limitCpu(machine: Machine, cores: number): Promise<Change> {
  const all = Number((await demand(machine.transport, 'getconf _NPROCESSORS_ONLN')).trim())
  if (!(cores < all))
    throw new CheckFailure(`${MACHINE} has no more than ${all} cores`, { hint: 'give a smaller `to`' })
  const does = `leaves ${MACHINE} ${cores} of its ${all} cores`
  return holdOn(machine, { does, title: `${MACHINE} has its processor time`, script: burnScript(all, cores) })
}

/**
 * Each is busy for its share of the time, above all others (nice -20) and outside of what shares evenly: control groups, and the
 * kernel's own groups of a session (autogroup), within which alone a nice value counts. What they got of it, and so nobody else
 * did, is measured.
 */
function burnScript(all: number, cores: number): string {
  const share = ((all - cores) / all).toFixed(4)
  return `for group in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/cpu/cgroup.procs; do
  [ -w $group ] && echo $$ >$group
done 2>/dev/null
[ -w /proc/$$/autogroup ] && echo -20 2>/dev/null >/proc/$$/autogroup
exec nice -n -20 perl -e '
use strict; use warnings; use Time::HiRes qw(time clock_gettime CLOCK_PROCESS_CPUTIME_ID);
my ($all, $share) = @ARGV; $| = 1;
pipe(my $r, my $w); pipe(my $alive, my $dies);
for (1 .. $all) {
  next if fork;
  close $dies; vec(my $in = "", fileno($alive), 1) = 1;
  my ($start, $told) = (time, 0);
  while (1) {
    my $took = time - $start; my $used = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
    if (!$told && $took > 1) { $told = 1; syswrite $w, sprintf("%.3f\\n", $used / $took) }
    exit 0 if select(my $out = $in, undef, undef, $used < $took * $share ? 0 : 0.005);
    for (my $i = 0; $i < 5_000; $i++) {}
  }
}
my $got = 0; $got += <$r> for 1 .. $all;
if ($got < 0.8 * $all * $share) { printf "only %.2f of %d cores could be taken, so %.2f are left\\n", $got, $all, $all - $got; exit 1 }
printf "ready %.2f of %d cores taken, %.2f left\\n", $got, $all, $all - $got;
1 while sysread STDIN, my $any, 4096;
' ${all} ${share}`
}
