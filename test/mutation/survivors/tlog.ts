import type { Survivor } from './survivor.js'

export const tlog: readonly Survivor[] = []
