import { faultOf, type Refusal } from '../../src/core/refusal.js'

/** Something that the code promises was not so. */
export class BrokenProperty extends Error {
  override readonly name = 'BrokenProperty'
}

export function hold(condition: boolean, property: string): void {
  if (!condition) throw new BrokenProperty(property)
}

export const sameOctets = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/**
 * The ending for a refusal, which must be one: a known code, and text that is fit for a log. `found`
 * and `next` may have several lines; what terminals make of the rest is for the command line to mind.
 */
export function endingOf(refusal: Refusal): string {
  const { code, detail, wanted = '', found = '', next = '' } = refusal
  hold(Object.hasOwn(faultOf, code), 'a refusal has a code of the table')
  hold(detail !== '' && !LINE_CONTROL.test(detail), 'the detail of a refusal is one line')
  for (const text of [wanted, found, next]) {
    hold(!hasControl(text), 'text of strangers is quoted in a refusal')
    hold(text.isWellFormed(), 'the text of a refusal is well-formed')
  }
  return `${code} ${detail}`.replaceAll(/0x[0-9a-f]+|[\d.]+|"[^"]*"/g, '#').slice(0, 160)
}

const LINE_CONTROL = /[\p{Cc}\u2028\u2029]/u
/** A control character of ASCII other than a line feed: what JSON escapes. */
const hasControl = (text: string): boolean =>
  text.split('').some((character) => character < ' ' && character !== '\n')
