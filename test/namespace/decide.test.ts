import { describe, expect, it } from '@jest/globals'
import { minutes, plus } from '../../src/core/time.js'
import { decide, mayBeDecided } from '../../src/namespace/decide.js'
import type { Proposal } from '../../src/namespace/statements.js'
import { T0 } from '../support/fake-clock.js'
import { alias, codeOf, givenIndex, owner } from './given-index.js'

const given = await givenIndex(
  { op: 'entry.create', alias: 'payments/api', owner },
  { op: 'entry.create', alias: 'shop/web', owner },
)
const { state } = given.index
const { uid, rev, head } = given.entry('payments/api')

const suspend: Proposal = {
  v: 1,
  index: state.index,
  op: 'entry.suspend',
  subject: { alias: alias('payments/api'), uid },
  body: {},
  base: { rev, head },
  scope: { uid: state.root.uid, rev: state.root.group?.rev ?? 0 },
  author: { kind: 'voter', id: 'local' },
  created: T0,
  expires: plus(T0, minutes(5)),
  nonce: '00'.repeat(16),
}

const codeFor = (change: Partial<Proposal>): string =>
  codeOf(mayBeDecided(state, { ...suspend, ...change }, T0))

describe('a proposal', () => {
  it('is decided by the group of its subject', () => {
    expect(mayBeDecided(state, suspend, T0)).toMatchObject({
      ok: true,
      value: { uid: state.root.uid },
    })
  })

  // The alias would choose who decides, and the uid what they decide about.
  it.each(['shop/web', 'payments', '', 'payments/other'])(
    'does not name one object and call it %j, which is another',
    (other) => {
      expect(codeFor({ subject: { alias: alias(other), uid } })).toBe('namespace.stale-base')
    },
  )

  it('is not decided by the group of another scope', () => {
    const { scope } = suspend
    expect(codeFor({ scope: { ...scope, rev: scope.rev + 1 } })).toBe('namespace.not-responsible')
    expect(codeFor({ scope: { ...scope, uid } })).toBe('namespace.not-responsible')
  })

  it('is not decided against another state of its subject', () => {
    expect(codeFor({ base: { rev: rev + 1, head } })).toBe('namespace.stale-base')
    expect(codeFor({ base: { rev, head: '00'.repeat(32) } })).toBe('namespace.stale-base')
    expect(codeFor({ base: null })).toBe('namespace.stale-base')
  })

  // Without a uid any text may be what it is about, and a refusal is read in a terminal and in logs.
  it.each([
    { what: 'an alias', named: 'payments/none', shown: 'payments/none' },
    { what: 'the longest alias', named: 'a'.repeat(200), shown: 'a'.repeat(200) },
    { what: 'a longer text', named: 'a'.repeat(201), shown: JSON.stringify('a'.repeat(80)) },
    { what: 'a colour', named: 'red \u001b[31m', shown: String.raw`"red \u001b[31m"` },
    { what: 'two lines', named: 'one\nline more', shown: String.raw`"one\nline more"` },
    { what: 'no text', named: '', shown: '""' },
  ])('about nothing that exists, $what, is refused in plain text', ({ named, shown }) => {
    const proposal: Proposal = { ...suspend, subject: { alias: alias(named) }, base: null }
    expect(mayBeDecided(state, proposal, T0).ok).toBe(true)
    const context = { at: T0, issuedUntil: null }
    expect(decide(state, proposal, '00'.repeat(32), context)).toMatchObject({
      refusal: { code: 'namespace.unknown', found: shown },
    })
  })
})
