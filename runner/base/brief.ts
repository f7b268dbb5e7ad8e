/** A long text in short, on one line. */
export function brief(text: string, longest = 160): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= longest ? line : `${line.slice(0, longest)}…`
}
