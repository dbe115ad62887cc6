import { type Bundle, bundlePath } from '../tlog/tile.js'

/** The signed note of what the mirror has: all of it is durable before this is. */
export const CHECKPOINT = 'checkpoint'
/** The signed note of what is being copied: whatever is shown later has to go on from it. */
export const PENDING = 'pending'
/** The first signed note of which nobody could see yet whether it goes on from what the mirror has. */
export const UNREAD = 'unread'
/** The first signed note that does not go on from what the mirror has: half of the proof of two histories. */
export const REFUSED = 'refused'

const below = (folder: string, bundle: Bundle): string =>
  bundlePath(bundle).replace(/^tile\/entries/, folder)

/** Of the index log: what is beside each record of a bundle, a line for each. */
export const envelopesPath = (bundle: Bundle): string => below('envelopes', bundle)

/** In the place of a bundle of entries of which some are gone: those that are left. */
export const leftPath = (bundle: Bundle): string => below('left', bundle)
