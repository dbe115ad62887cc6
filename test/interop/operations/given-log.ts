import type { Alias } from '../../../src/core/alias.js'
import type { TrustDomain } from '../../../src/core/names.js'
import { minutes, type UnixSeconds } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import type { Entry } from '../../../src/namespace/entry.js'
import { LiveIndex } from '../../../src/namespace/live-index.js'
import type { ProposalView } from '../../../src/namespace/proposal-view.js'
import type { GovernedObject } from '../../../src/namespace/state.js'
import { valueOf } from '../../namespace/given-index.js'
import { FakeClock } from '../../support/fake-clock.js'
import { FakeIssuedUntil } from '../../support/issued-until.js'
import { MemoryIndexStore } from '../../support/memory-index-store.js'
import { countedRandom } from '../../support/random.js'
import { SeededVoter, type Signatures } from '../../support/seeded-voter.js'

/** An index whose every octet follows from what is asked of it: fixed keys, a fixed clock. */
export class GivenLog {
  readonly index: LiveIndex
  readonly store: MemoryIndexStore
  readonly clock: FakeClock
  readonly issued: FakeIssuedUntil
  readonly who: Readonly<Record<Name, SeededVoter>>
  private nonces = 0

  private constructor(
    index: LiveIndex,
    {
      store,
      clock,
      issued,
      who,
    }: Pick<GivenLog, 'store' | 'clock' | 'issued'> & { readonly who: GivenLog['who'] },
  ) {
    this.index = index
    this.store = store
    this.clock = clock
    this.issued = issued
    this.who = who
  }

  static async begin(kept: Signatures): Promise<GivenLog> {
    const clock = new FakeClock()
    const store = new MemoryIndexStore()
    const issued = new FakeIssuedUntil()
    const voters = names.map((name) => {
      // Who sign with P-256 sign otherwise each time: what they signed once is kept.
      return [
        name,
        new SeededVoter(name, es256.includes(name) ? 'ES256' : 'Ed25519', kept),
      ] as const
    })
    const who = Object.fromEntries(voters) as GivenLog['who']
    const random = countedRandom('operations log')
    const deps = { store, voter: who.local.signer, clock, random, issued }
    const about = { trustDomain: 'acme.example' as TrustDomain, controller: 'platform' }
    return new GivenLog(valueOf(await LiveIndex.create(deps, about)), { store, clock, issued, who })
  }

  now = (): UnixSeconds => this.clock.now()

  nonce = (): string => (this.nonces += 1).toString(16).padStart(32, '0')

  voters = (...of: readonly Name[]): readonly SeededVoter[] => of.map((name) => this.who[name])

  object(name: string): GovernedObject {
    const { state } = this.index
    const alias = name as Alias
    const found =
      name === '' ? state.root : (state.entryByAlias(alias) ?? state.scopeByAlias(alias))
    if (!found) throw new Error(`no ${name}`)
    return found
  }

  entry(name: string): Entry {
    const found = this.index.state.entryByAlias(name as Alias)
    if (!found) throw new Error(`no entry ${name}`)
    return found
  }

  /** Made at once, by the one voter there is; each a minute after the one before. */
  async did(...requests: readonly ChangeRequest[]): Promise<void> {
    for (const request of requests) {
      this.clock.advance(minutes(1))
      const made = valueOf(await this.index.change(request))
      if (made.kind === 'waits') throw new Error(`${request.op} waits`)
    }
  }

  async proposed(request: ChangeRequest): Promise<ProposalView> {
    this.clock.advance(minutes(1))
    const made = valueOf(await this.index.change(request))
    if (made.kind !== 'waits') throw new Error(`${request.op} was made at once`)
    return valueOf(await this.index.proposal(made.proposal))
  }

  async agreed(request: ChangeRequest, ...by: readonly Name[]): Promise<void> {
    await this.vote(await this.proposed(request), ...by)
  }

  async vote(proposal: ProposalView, ...by: readonly Name[]): Promise<void> {
    for (const voter of this.voters(...by)) {
      this.clock.advance(minutes(1))
      valueOf(await this.index.submit([voter.vote(proposal, 'approve', this.now())]))
    }
    const { standing } = valueOf(await this.index.proposal(proposal.id))
    if (standing !== 'committed') throw new Error(`the proposal is ${standing}`)
  }
}

const names = ['local', 'ann', 'bob', 'cyd', 'h1', 'r1', 'r2', 'r3', 'dan', 'eve', 'fay'] as const
export type Name = (typeof names)[number]
const es256: readonly Name[] = ['bob', 'r2']
