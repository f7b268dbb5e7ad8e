/** The path of a unit on the bus: all but letters and digits in hexadecimal. */
export function objectOf(unit: string): string {
  const escaped = [...Buffer.from(unit)].map((byte, index) => {
    const letter = String.fromCharCode(byte)
    const plain = /[A-Za-z]/.test(letter) || (index > 0 && /[0-9]/.test(letter))
    return plain ? letter : `_${byte.toString(16).padStart(2, '0')}`
  })
  return `/org/freedesktop/systemd1/unit/${escaped.join('')}`
}
