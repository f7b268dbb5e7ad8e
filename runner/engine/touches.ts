/** What changes touch, and whether two of them touch the same. */
import type { Touch } from '../contracts/undo.ts'

export function serviceIn(touch: Touch): string[] {
  return 'service' in touch ? [touch.service] : []
}

export function shareService(a: readonly Touch[], b: readonly Touch[]): boolean {
  return a.some((one) => 'service' in one && b.some((other) => 'service' in other && other.service === one.service))
}

export function shareFile(a: readonly Touch[], b: readonly Touch[]): boolean {
  return a.some(
    (one) => 'file' in one && b.some((other) => 'file' in other && other.file === one.file && other.in === one.in),
  )
}
