import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { hours } from '../../src/core/time.js'
import { codeOf, givenInstallation, type Installation, valueOf, web } from './given-installation.js'

/** A name passes to another uid only after the last certificate under it has expired. */
let given: Installation

beforeEach(async () => {
  given = await givenInstallation()
})
afterEach(() => given[Symbol.asyncDispose]())

const owner = { controller: 'team-other' }
const account = { kind: 'k8s', cluster: 'prod', namespace: 'shop', serviceAccount: 'web' }

describe('after the last certificate', () => {
  it('an alias is free, and not a second earlier', async () => {
    const { record } = valueOf(await given.issueToPod())
    await given.change({ op: 'entry.retire', alias: web })
    const again = { op: 'entry.create', alias: web, owner }
    expect(codeOf(await given.tryChange(again))).toMatch(/^namespace\.alias-(taken|quarantined)$/)
    given.clock.set(record.notAfter)
    expect((await given.tryChange(again)).ok).toBe(false)
    given.clock.advance(hours(2))
    expect(codeOf(await given.tryChange(again))).toBeUndefined()
    expect(given.instance.index.state.entryByAlias(web)?.uid).not.toBe(record.entry)
  })

  it('a service account is free for another entry, and not before', async () => {
    const { record } = valueOf(await given.issueToPod())
    await given.change({ op: 'entry.create', alias: 'shop/next', owner })
    const bind = { op: 'binding.add', alias: 'shop/next', binding: account }
    expect(codeOf(await given.tryChange(bind))).toMatch(
      /^namespace\.(binding-taken|identity-collision)$/,
    )
    await given.change({ op: 'binding.remove', alias: web, binding: 'prod/shop/web' })
    expect((await given.tryChange(bind)).ok).toBe(false)
    given.clock.set(record.notAfter)
    given.clock.advance(hours(2))
    expect(codeOf(await given.tryChange(bind))).toBeUndefined()
    expect(valueOf(await given.issueToPod()).record.alias).toBe('shop/next')
  })

  it('is at once where none was ever issued', async () => {
    await given.change({ op: 'entry.retire', alias: web })
    expect(codeOf(await given.tryChange({ op: 'entry.create', alias: web, owner }))).toBeUndefined()
  })

  it('survives a restart: the quarantine is in the log', async () => {
    valueOf(await given.issueToPod())
    await given.change({ op: 'entry.retire', alias: web })
    await given.reopen()
    expect((await given.tryChange({ op: 'entry.create', alias: web, owner })).ok).toBe(false)
    expect((await given.instance.index.verify()).ok).toBe(true)
  })

  it('waits for what is being issued at that moment', async () => {
    const answer = given.issueToPod()
    await given.change({ op: 'entry.retire', alias: web })
    const issued = await answer
    const again = await given.tryChange({ op: 'entry.create', alias: web, owner })
    expect(again.ok).toBe(!issued.ok)
  })
})
