/** Takes files out of the disk cache, without being root and without slowing anybody else; and tells whether it worked. */

/** A start with more than this share of its files in the cache is not called cold. */
const COLD = 0.05

/** Throws an error that says why, when the files stay in the cache: a start from there must not be told as a cold one. */
export async function forget(paths: readonly string[]): Promise<void> {
  // What was just written can't be dropped before it is on the disk.
  await Bun.$`sync -f ${paths}`.quiet().nothrow()
  const drop = 'for file; do dd if="$file" iflag=nocache count=0 2>/dev/null; done'
  await Bun.$`find ${paths} -type f -print0 | xargs -0 -n 200 sh -c ${drop} sh`.quiet().nothrow()
  const share = await cachedShare(paths)
  if (share === undefined) throw new Error('this machine does not tell what its disk cache holds')
  if (share > COLD) throw new Error(`${Math.round(share * 100)} % of the files stayed in the disk cache`)
}

/** 0 to 1; undefined where there is no `fincore` (util-linux). */
async function cachedShare(paths: readonly string[]): Promise<number | undefined> {
  const told = await Bun.$`find ${paths} -type f -print0 | xargs -0 fincore -b -n -r -o RES,SIZE`.quiet().nothrow()
  const lines = told.stdout.toString().trim().split('\n').filter(Boolean)
  if (told.exitCode !== 0 || lines.length === 0) return undefined
  const [cached = 0, size = 0] = lines
    .map((line) => line.split(' ').map(Number))
    .reduce(([a = 0, b = 0], [c = 0, d = 0]) => [a + c, b + d])
  return size === 0 ? undefined : cached / size
}
