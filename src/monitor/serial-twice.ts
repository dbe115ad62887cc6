import type { Alarm } from './alarm.js'

/** Two certificates with one serial number: whoever revokes one of them has not said which. */
export const serialTwice = (serial: string, before: number, record: number): Alarm => ({
  code: 'serial-twice',
  log: 'issuance',
  detail: 'two certificates have one serial number',
  record,
  serial,
  found: `record ${before} has it too`,
})
