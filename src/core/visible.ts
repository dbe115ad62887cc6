/**
 * Control characters, text-direction overrides and halves of surrogate pairs: a label, a reason or a
 * key of a file must not drive a terminal.
 */
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Cs}]/gu

/** Text as it may be shown: what could move a cursor is written as an escape. */
export function visible(text: string): string {
  return text.replaceAll(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
