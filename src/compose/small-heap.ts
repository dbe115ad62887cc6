import { setFlagsFromString } from 'node:v8'

/** How much larger than what lives in it the heap may get before it is collected, in percent. */
const GROWING_PERCENT = 60

/**
 * Keeps the memory of a process that serves near to what it needs. By itself V8 lets its heap grow to
 * several times that where the machine has memory to spare, which is its neighbours'. A heap that is
 * collected less often costs less: at 30 % a renewal takes a fifth more CPU time than at 60.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`)
}
