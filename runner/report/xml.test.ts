import { expect, test } from 'bun:test'
import { element, escapeText, textElement } from './xml.ts'

test('elements hold elements, text or nothing', () => {
  expect(element('a', { b: 1, c: undefined })).toBe('<a b="1"/>')
  expect(element('a', {}, [element('b', {}), element('c', {})])).toBe('<a>\n<b/>\n<c/>\n</a>')
  expect(textElement('a', { b: 'x' }, 'one\n two')).toBe('<a b="x">one\n two</a>')
  expect(textElement('a', {}, '')).toBe('<a/>')
})

test('what means something to a parser is escaped, `]]>` too', () => {
  expect(escapeText('a < b && c ]]> d')).toBe('a &lt; b &amp;&amp; c ]]&gt; d')
  expect(element('a', { b: '"<\n\t\r>"' })).toBe('<a b="&quot;&lt;&#10;&#9;&#13;&gt;&quot;"/>')
})

test('what XML forbids is replaced, and what it allows is kept', () => {
  expect(escapeText('\u0000\u001b\ufffe\ud800')).toBe('\ufffd\ufffd\ufffd\ufffd')
  expect(escapeText('\t\n\u0085 é 日本 👩‍👧 \u{10fffd}')).toBe('\t\n\u0085 é 日本 👩‍👧 \u{10fffd}')
})
