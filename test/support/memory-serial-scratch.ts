import type { SeenSerial, SerialScratch } from '../../src/monitor/ports.js'

/** Serial numbers of one reading, in memory. It keeps to the contract of the real one. */
export function memorySerialScratch(): SerialScratch {
  const known = new Map<string, number>()
  return {
    note: (serials: readonly SeenSerial[]) =>
      serials.flatMap(({ serial, record }) => {
        const before = known.get(serial)
        if (before === undefined) known.set(serial, record)
        return before === undefined ? [] : [{ serial, record, before }]
      }),
    [Symbol.dispose]: () => known.clear(),
  }
}
