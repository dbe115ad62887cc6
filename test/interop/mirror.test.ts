import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { days } from '../../src/core/time.js'
import type { LogName } from '../../src/monitor/alarm.js'
import { openMirrorFiles } from '../../src/store/open-mirror-files.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { mirrored } from '../mirror/given-mirror.js'
import { GivenCapstan, signers } from '../monitor/given-capstan.js'
import { owner } from '../namespace/given-index.js'

const home = mkdtempSync(join(tmpdir(), 'capstan-mirror-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** What a reader in Python, which shares no code with Capstan, makes of a mirror's folder. */
function read(log: LogName, key = formatVerifierKey(signers[log].key)) {
  const script = join(import.meta.dirname, 'mirror_verify.py')
  const ran = spawnSync('python3', [script, join(home, log), key], { encoding: 'utf8' })
  return {
    status: ran.status,
    stderr: ran.stderr,
    said: JSON.parse(ran.stdout || 'null') as unknown,
  }
}

describe('the folder of a mirror, read by another implementation', () => {
  beforeAll(async () => {
    const given = await GivenCapstan.founded()
    const look = (log: LogName) => mirrored(given, log, openMirrorFiles(join(home, log)))
    await look('index')
    for (let at = 0; at < 300; at += 1) await given.mustIssue()
    await look('issuance')
    for (let at = 0; at < 5; at += 1) await given.mustIssue()
    given.clock.advance(days(3))
    await given.store.ledger.prune(given.clock.now())
    for (let at = 0; at < 260; at += 1) await given.mustIssue()
    await given.did({ op: 'entry.create', alias: 'shop/db', owner })
    for (const log of ['index', 'issuance'] as const) {
      expect(await look(log)).toMatchObject({ alarms: [] })
    }
  })

  it('has all records of the index log, with the envelopes that they name', () => {
    expect(read('index')).toMatchObject({ status: 0, said: { size: 5, records: 5 } })
  })

  it('has those certificates that were not pruned, and the hashes of all', () => {
    expect(read('issuance')).toMatchObject({ status: 0, said: { size: 565, records: 560 } })
  })

  it('is refused by another key', () => {
    expect(read('index', formatVerifierKey(signers.issuance.key)).status).toBe(1)
  })

  it.each([
    'index/tile/entries/000.p/5',
    'index/envelopes/000.p/5',
    'index/tile/0/000.p/5',
    'issuance/tile/1/000.p/2',
    'issuance/left/001',
  ])('is refused with another octet in %s', (path) => {
    const file = join(home, path)
    const right = readFileSync(file)
    const log = path.startsWith('index') ? 'index' : 'issuance'
    const at = Math.min(30, right.length - 2)
    writeFileSync(file, right.with(at, right.at(at) === 65 ? 66 : 65))
    expect(read(log).status).toBe(1)
    writeFileSync(file, right)
    expect(read(log).status).toBe(0)
  })
})
