import { decideParts } from '../parts.js'
import type { Pace } from '../ports.js'
import type { Made } from '../propose.js'
import { Effort } from '../questions/effort.js'
import { namedAnew } from '../questions/objects.js'
import type { IndexState } from '../state.js'
import { type LookAlike, lookAlikesOf, type LookAlikes, NAMES } from './look-alikes.js'

/** The operations by which something gets a name. */
const naming: ReadonlySet<string> = new Set(['scope.create', 'entry.create', 'entry.rename'])

/** The look-alikes that changes have just made, or would make that wait for voters. */
export async function lookAlikesOfMade(
  state: IndexState,
  made: readonly Made[],
  pace: Pace,
): Promise<LookAlikes> {
  const effort = new Effort(pace, NAMES)
  const named = made.flatMap((one) =>
    one.kind === 'changed' && naming.has(one.change.op) ? [one.change.uid] : [],
  )
  const found: LookAlike[] = []
  let complete = true
  const look = async (...about: Parameters<typeof lookAlikesOf>): Promise<void> => {
    const alike = await lookAlikesOf(...about)
    found.push(...alike.found)
    complete = complete && alike.complete
  }
  if (named.length > 0) await look(state, named, effort)
  for (const one of made) {
    const row = one.kind === 'waits' ? state.tables.proposals.get(one.proposal) : undefined
    if (row?.kind !== 'pending') continue
    const context = { at: row.opened, issuedUntil: () => null }
    const decided = decideParts(state, row.proposal, row.digest, context)
    if (!decided.ok) continue
    const { parts, after } = decided.value
    const uids = parts.map(({ effect }) => effect.put.uid)
    await look(after, namedAnew(state, after, uids), effort)
  }
  return { found, complete }
}
