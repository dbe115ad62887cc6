import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesOf } from '../../src/compose/open-mirror.js'
import { verifyMirror } from '../../src/compose/verify-mirror.js'
import type { LogName } from '../../src/monitor/alarm.js'
import { noWitnesses } from '../../src/tlog/policy.js'
import { mirrored } from '../mirror/given-mirror.js'
import { GivenCapstan, signers } from '../monitor/given-capstan.js'

let folder: string
let given: GivenCapstan

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-verify-mirror-'))
  given = await GivenCapstan.founded()
  await given.mustIssue()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const copy = (log: LogName) => mirrored(given, log, filesOf(folder, log))

/** By the keys of these logs: what is wrong with each, or why nothing could be said. */
async function found(...logs: readonly LogName[]) {
  const keys = Object.fromEntries(logs.map((log) => [log, signers[log].key]))
  const options = { folder, keys, policy: noWitnesses, progress: () => undefined }
  const { clock } = given
  const verified = await verifyMirror(options, { clock, signal: new AbortController().signal })
  if (!verified.ok) return verified.refusal.code
  return Object.entries(verified.value.logs).map(
    ([log, { alarms }]) => `${log} ${alarms.map(({ code }) => code).join()}`,
  )
}

describe('a folder that is verified', () => {
  it('is that of both logs, or of the one whose key is named', async () => {
    await copy('index')
    await copy('issuance')
    expect(await found('index', 'issuance')).toEqual(['index ', 'issuance '])
  })

  it('is not what was signed where a log is gone whose key is named', async () => {
    await copy('issuance')
    expect(await found('issuance')).toEqual(['issuance '])
    expect(await found('index', 'issuance')).toEqual(['index inconsistent', 'issuance '])
    await copy('index')
    unlinkSync(join(folder, 'index/checkpoint'))
    expect(await found('index', 'issuance')).toEqual(['index inconsistent', 'issuance '])
  })

  it('is no mirror without a checkpoint of any', async () => {
    expect(await found('index', 'issuance')).toBe('request.not-found')
    expect(await found()).toBe('request.not-found')
  })
})
