import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCosignings } from '../../src/compose/open-cosigning.js'
import { seconds } from '../../src/core/time.js'
import { formatVerifierKey, signatureType } from '../../src/tlog/verifier-key.js'
import { codeOf } from '../namespace/given-index.js'
import { FakeClock } from '../support/fake-clock.js'
import { MemoryLogTree } from '../support/memory-log-tree.js'
import { logSigner, seededSigner, witnessSigner } from '../support/note-signers.js'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-cosigning-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const [index, issuance] = [logSigner('acme.example/index'), logSigner('acme.example/issuance')]
const line = (key: Parameters<typeof formatVerifierKey>[0]): string =>
  `log ${formatVerifierKey(key)}\n`
const witness = `witness w1 ${formatVerifierKey(witnessSigner('w1').key)} http://w1/\nquorum w1\n`

describe('the logs that a policy is about', () => {
  const warnings: unknown[] = []
  const open = (text: string | undefined) => {
    const policy = join(home, 'witnesses.txt')
    if (text !== undefined) writeFileSync(policy, text)
    const tree = new MemoryLogTree(() => [])
    const log = {
      info: () => undefined,
      error: () => undefined,
      warn: (fields: unknown) => void warnings.push(fields),
    }
    const timing = { timeout: seconds(5), refresh: seconds(300) }
    return openCosignings({
      config: { ...timing, ...(text !== undefined && { policy }) },
      logs: { index: { key: index.key, tree }, issuance: { key: issuance.key, tree } },
      clock: new FakeClock(),
      log: log,
    })
  }

  it.each([
    ['both, without log lines', witness, ['index', 'issuance']],
    [
      'both, where both stand there',
      line(issuance.key) + line(index.key) + witness,
      ['index', 'issuance'],
    ],
    ['the index alone, as it was before', line(index.key) + witness, ['index']],
    ['none, without a policy', undefined, []],
  ])('are %s', async (_, text, names) => {
    warnings.length = 0
    const opened = await open(text)
    expect(opened.ok && [...opened.value].map(([name, one]) => [name, one.state().log])).toEqual(
      names.map((name) => [name, name]),
    )
    expect(warnings).toHaveLength(text !== undefined && names.length === 1 ? 1 : 0)
  })

  it.each([
    ['another index', line(logSigner('other/index').key) + line(issuance.key)],
    ['the issuance log alone', line(issuance.key)],
    [
      'an issuance log of another key',
      line(index.key) +
        line(seededSigner(issuance.key.name, signatureType.ed25519, Buffer.alloc(32, 7)).key),
    ],
  ])('are refused where they are %s', async (_, lines) => {
    expect(codeOf(await open(lines + witness))).toBe('tlog.unknown-log')
  })
})
