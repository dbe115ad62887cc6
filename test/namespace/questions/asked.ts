import type { IssuanceLedger } from '../../../src/issuance/ports.js'
import { Questions } from '../../../src/namespace/questions/questions.js'
import type { GivenIndex } from '../given-index.js'

/** Questions about an index in memory. */
export const asked = ({ store, clock }: Pick<GivenIndex, 'store' | 'clock'>): Questions =>
  new Questions({ log: store, snapshot: () => store.snapshot(), clock, pace: () => undefined })

/** Nothing was ever issued. */
export const noLedger: Pick<IssuanceLedger, 'list' | 'lastNotAfter'> = {
  list: () => Promise.resolve([]),
  lastNotAfter: () => Promise.resolve(undefined),
}
