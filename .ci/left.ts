/** What is on this machine that tests could leave behind: compared before and after all of them. */

const lists: Readonly<Record<string, readonly string[]>> = {
  containers: ['docker', 'ps', '--all', '--format', '{{.ID}} {{.Names}} {{.Image}}'],
  networks: ['docker', 'network', 'ls', '--format', '{{.ID}} {{.Name}}'],
  volumes: ['docker', 'volume', 'ls', '--format', '{{.Name}}'],
  'packet rules': ['nft', 'list', 'tables'],
  'network namespaces': ['ip', 'netns', 'list'],
  processes: ['ps', '-eo', 'args='],
}

export type Present = ReadonlyMap<string, ReadonlySet<string>>

export function present(): Present {
  return new Map(
    Object.entries(lists).map(([name, argv]) => [name, new Set(linesOf(argv).filter((line) => isOurs(name, line)))]),
  )
}

/** What is there now and was not before: a line each. */
export function leftSince(before: Present): string[] {
  return [...present()].flatMap(([name, now]) =>
    [...now].filter((line) => !before.get(name)?.has(line)).map((line) => `${name}: ${line.slice(0, 160)}`),
  )
}

/** Of processes and rules only those that bear our name; what Docker has, nobody else makes meanwhile on CI. */
function isOurs(name: string, line: string): boolean {
  if (name === 'processes') return /shakedown/.test(line) && !line.includes('.ci/')
  return name !== 'packet rules' || line.includes('shakedown')
}

function linesOf(argv: readonly string[]): string[] {
  const [command = ''] = argv
  if (Bun.which(command) === null) return []
  return Bun.spawnSync([...argv])
    .stdout.toString()
    .split('\n')
    .filter(Boolean)
}
