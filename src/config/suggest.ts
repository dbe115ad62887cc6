/** The candidate that a typing mistake away from `word`; undefined when none is close. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  const ranked = candidates
    .map((candidate) => ({ candidate, away: editDistance(word.slice(0, 64), candidate) }))
    .filter(({ away }) => away <= limit)
    .sort((a, b) => a.away - b.away)
  return ranked[0]?.candidate
}

/** Levenshtein distance, letters compared without case. */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()]
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1
      const [left, up, corner] = [current[column - 1], above[column], above[column - 1]]
      current.push(Math.min((left ?? 0) + 1, (up ?? 0) + 1, (corner ?? 0) + same))
    }
    above = current
  }
  return above[b.length] ?? 0
}
