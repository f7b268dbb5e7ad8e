/** Writes XML 1.0. Text may hold anything; what XML forbids becomes U+FFFD. */

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element with elements in it, one a line; empty ones are closed at once. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  if (children.length === 0) return `<${name}${written(attributes)}/>`
  const inner = children.map((child) => `\n${child}`).join('')
  return `<${name}${written(attributes)}>${inner}\n</${name}>`
}

/** An element with text in it, kept as it is. */
export function textElement(name: string, attributes: Attributes, text: string): string {
  return text === '' ? element(name, attributes) : `<${name}${written(attributes)}>${escapeText(text)}</${name}>`
}

function written(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeAttribute(String(value))}"`))
    .join('')
}

/** `>` is escaped, too: `]]>` may not stand in text. */
export function escapeText(text: string): string {
  return allowed(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A parser turns plain line ends and tabs of an attribute into spaces, so they are written as references. */
function escapeAttribute(text: string): string {
  return escapeText(text)
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function allowed(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
}
