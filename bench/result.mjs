import { machineFacts } from './machine/facts.mjs'
import { handshakeOf, withShares } from './report.mjs'

/** What `--json FILE` writes; `more` is what sections found. */
export const resultOf = ({ limit }, { workers }, rows, more) => ({
  machine: machineFacts(),
  node: process.version,
  limit: limit.value,
  ...(workers && { workers }),
  rows: withShares(rows, limit),
  ...handshakeOf(rows),
  ...more,
})
