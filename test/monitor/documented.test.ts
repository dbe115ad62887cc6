import { expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { alarmCodes } from '../../src/monitor/alarm.js'
import { notAllowedReasons } from '../../src/namespace/not-allowed.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8')

it('docs/monitoring.md says of every alarm what it means, and of every reason', () => {
  const unnamed = [...alarmCodes, ...notAllowedReasons].filter(
    (code) => !page.includes(`\`${code}\``),
  )
  expect(unnamed).toEqual([])
  const rows = page.split('\n').flatMap((line) => /^\| `([a-z-]+)` +\|/.exec(line)?.[1] ?? [])
  expect(rows.slice(-alarmCodes.length).toSorted()).toEqual(alarmCodes.toSorted())
})
