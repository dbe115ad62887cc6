import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok } from '../../src/core/result.js'
import { hours } from '../../src/core/time.js'
import { sha256Hex } from '../../src/core/uid.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import { InFlight } from '../../src/issuance/in-flight.js'
import { issueLeafWith } from '../../src/issuance/issue-leaf.js'
import { entryState } from '../../src/namespace/entry.js'
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { standing } from '../../src/namespace/grant.js'
import { parseIssuanceRecord } from '../../src/namespace/issuance-record.js'
import { readRecord } from '../../src/namespace/log-record.js'
import { objectDigest } from '../../src/namespace/state.js'
import { csr } from '../csr/make-csr.js'
import { Issued } from '../issuance/given-issued.js'
import { alias, type GivenIndex, givenIndex, owner, valueOf } from '../namespace/given-index.js'
import { countedRandom } from '../support/random.js'
import { steps } from './given-changes.js'

/** Changes, and requests of certificates of which some meet a ledger that fails. */
const runs = fc.array(fc.tuple(steps, fc.nat(3)), { minLength: 20, maxLength: 40 })

class Issuance {
  private readonly given: GivenIndex
  private readonly issued: Issued
  private readonly issue
  private isBroken = false
  count = 0
  refused = 0
  lost = 0

  constructor(given: GivenIndex, issued: Issued) {
    this.given = given
    this.issued = issued
    this.issue = (name: string) => {
      const { index, clock } = given
      const entry = index.state.entryByAlias(alias(name))?.uid ?? (`e${'a'.repeat(31)}` as never)
      const facts = { kind: 'join-token', entry, tokenId: 't' } as const
      return issueLeafWith({
        csrs: { verify: verifyCsr, remember: () => undefined },
        attest: () => Promise.resolve(ok({ facts, spends: [] })),
        index,
        standingOf: standing,
        inFlight: new InFlight(issued.ledger),
        issuer: () => ok(issued.hierarchy.issuer),
        record: (row, spends) =>
          this.isBroken
            ? Promise.reject(new DependencyError('store', 'it does not answer'))
            : issued.ledger.append(row, spends),
        challenges: issued.store.challenges,
        clock,
        random: countedRandom(`issued ${this.count}`),
        stopwatch: () => () => undefined,
      })({
        csr: csr(),
        evidence: { kind: 'join-token', token: '' },
        requestId: 'r1',
        caller: new AbortController(),
      })
    }
  }

  /** Nothing is revealed that is no leaf of the log, and no leaf was granted by what is in no log. */
  async ask(name: string, isBroken: boolean): Promise<void> {
    const { clock } = this.given
    const { tree } = this.issued.store.issuanceLog
    const before = (await tree.head()).size
    this.isBroken = isBroken
    const made = await this.issue(name).catch(() => 'failed' as const)
    const { size } = await tree.head()
    if (made === 'failed') this.lost += 1
    if (made === 'failed' || !made.ok) {
      if (made !== 'failed') this.refused += 1
      expect(size).toBe(before)
      return
    }
    this.count += 1
    expect(size).toBe(before + 1)
    const [row] = await this.issued.store.issuanceLog.read(before, 1)
    const leaf = valueOf(parseIssuanceRecord(row!.bytes))
    expect(leaf.certificate).toBe(sha256Hex(made.value.leaf))
    expect(await this.issued.store.issuanceLog.issuedAt(before)).toBeLessThanOrEqual(clock.now())
    const { records } = this.given.store
    const state = new FoldedState()
    for (const stored of records.slice(0, leaf.size ?? 0)) {
      applyRecord(state, valueOf(verifyRecord(state, stored)))
    }
    const entry = leaf.entry === null ? undefined : state.entries.get(leaf.entry)
    expect(entry?.rev).toBe(leaf.rev)
    expect(entry && entryState(entry, clock.now())).toBe('active')
    const [commit] = records.filter(({ bytes }) => {
      const record = readRecord(bytes)
      if (!record || !('rev' in record)) return false
      return record.subject.uid === leaf.entry && record.rev === leaf.rev
    })
    expect(commit!.seq).toBeLessThan(leaf.size!)
    expect(readRecord(commit!.bytes)).toMatchObject({ after: objectDigest(entry!) })
  }
}

describe('a certificate', () => {
  it('is in the issuance log before anybody has it, and was granted by a change that is in the index log', async () => {
    const all = { count: 0, refused: 0, lost: 0 }
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const given = await givenIndex(
          { op: 'entry.create', alias: 'a/b', owner },
          { op: 'entry.create', alias: 'd/e', owner },
        )
        const issuance = new Issuance(given, await Issued.open())
        for (const [step, luck] of run) {
          if (step.kind === 'wait') given.clock.advance(hours(1))
          else if (step.kind === 'issue') await issuance.ask(step.name, luck === 0)
          else await given.index.change(step.request)
        }
        all.count += issuance.count
        all.refused += issuance.refused
        all.lost += issuance.lost
      }),
      { numRuns: 15 },
    )
    for (const count of Object.values(all)) expect(count).toBeGreaterThan(2)
  }, 120_000)
})
