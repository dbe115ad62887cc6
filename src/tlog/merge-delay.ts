import { seconds } from '../core/time.js'

/**
 * The maximum merge delay of both logs: what is recorded is covered by a signed checkpoint this soon.
 * Of a change or a certificate for which that does not hold, its log is at fault.
 */
export const MAX_MERGE_DELAY = seconds(60)
