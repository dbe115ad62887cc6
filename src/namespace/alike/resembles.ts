/** What a terminal's font hardly tells apart, by one spelling of each. */
const FOLDED: Readonly<Record<string, string>> = { rn: 'm', vv: 'w', 0: 'o', 1: 'l', i: 'l' }

/** Above every character of an alias. */
export const END = '~'

/** Below this a letter more or less makes another word: `api` and `app`, `cart` and `card`. */
const SHORTEST = 5

/** A part of a name between dashes that only counts: `2`, `b`, `2b`, `b2`. */
const COUNTER = /^(?:[a-z]?\d*|\d*[a-z])$/

/** One segment of an alias, and what it is compared by. */
export interface Look {
  readonly text: string
  /** The same for all that look the same. */
  readonly skeleton: string
  /** Without what only counts. */
  readonly uncounted: string
}

export const lookOf = (text: string): Look => ({
  text,
  skeleton: skeletonOf(text),
  uncounted: text
    .split('-')
    .map((part) => (COUNTER.test(part) ? '' : part.replaceAll(/\d+/g, '')))
    .join('-'),
})

const skeletonOf = (text: string): string =>
  text.replaceAll(/rn|vv|[01i]/g, (found) => FOLDED[found] ?? found)

/**
 * May people take the one for the other? Those that look the same, and those of 5 characters and more
 * that are one letter apart: one more, one less, another, or two neighbours the other way round. Not
 * those that are only counted: `web-1` and `web-2`.
 */
export function resembles(a: Look, b: Look): boolean {
  if (a.text === b.text) return false
  if (a.skeleton === b.skeleton) return true
  return (
    Math.min(a.text.length, b.text.length) >= SHORTEST &&
    a.uncounted !== b.uncounted &&
    isWithinOneEdit(a.skeleton, b.skeleton)
  )
}

/** Is their optimal string alignment distance (Damerau-Levenshtein, restricted) at most 1? */
export function isWithinOneEdit(a: string, b: string): boolean {
  const at = firstDifference(a, b)
  const [restOfA, restOfB] = [a.slice(at + 1), b.slice(at + 1)]
  return (
    restOfA === restOfB ||
    restOfA === b.slice(at) ||
    restOfB === a.slice(at) ||
    (a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2))
  )
}

/**
 * Could a name that begins so be like this one? Never no where some name would be.
 */
export function mayLookLike(beginning: string, { skeleton }: Look): boolean {
  // The last letter may become another one with the next.
  const sure = skeletonOf(beginning).replace(/[rv]$/, '')
  const at = firstDifference(sure, skeleton)
  if (at === sure.length) return true
  const rest = sure.slice(at + 1)
  const isSwapped = sure[at] === skeleton[at + 1] && sure[at + 1] === skeleton[at]
  return (
    skeleton.startsWith(rest, at + 1) ||
    skeleton.startsWith(rest, at) ||
    skeleton.startsWith(sure.slice(at), at + 1) ||
    (isSwapped && skeleton.startsWith(sure.slice(at + 2), at + 2))
  )
}

/** Every character that a name of this skeleton may have. */
export function* spellings({ skeleton }: Look): Iterable<string> {
  yield* skeleton
  for (const [spelling, letter] of Object.entries(FOLDED)) {
    if (skeleton.includes(letter)) yield* spelling
  }
}

function firstDifference(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return at
}

/**
 * The skeleton, and it without any one of its letters: two that are at most one edit apart have one of
 * these in common, so that like names are found without comparing each with each.
 */
export function* neighbourhood({ skeleton }: Look): Iterable<string> {
  yield skeleton
  for (let at = 0; at < skeleton.length; at += 1) {
    // Of equal letters beside each other it does not matter which.
    if (skeleton[at] !== skeleton[at - 1]) yield skeleton.slice(0, at) + skeleton.slice(at + 1)
  }
}
