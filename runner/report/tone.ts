/** How a report marks parts of an explanation: with colours, or not at all. */
export interface Tone {
  bad(text: string): string
  good(text: string): string
  dim(text: string): string
}

export const plainTone: Tone = { bad: same, good: same, dim: same }

function same(text: string): string {
  return text
}
