import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { days, minus, plus, unixSeconds } from '../../src/core/time.js'
import { givenInstallation, type Installation } from '../scenario/given-installation.js'

describe('the issuer that signs', () => {
  let given: Installation
  beforeAll(async () => {
    given = await givenInstallation()
  })
  afterAll(() => given[Symbol.asyncDispose]())

  it('is none before it is valid, and says that the clock may be wrong', () => {
    const refused = given.instance.authority().issuer(minus(given.clock.now(), days(2)))
    expect(refused).toMatchObject({
      ok: false,
      refusal: { code: 'ca.expired', next: 'set the clock' },
    })
  })

  it('is none once it has ended', () => {
    const [issuer] = given.instance.authority().issuers
    const ended = plus(unixSeconds(issuer?.notAfter ?? 0), days(1))
    const refused = given.instance.authority().issuer(ended)
    expect(refused).toMatchObject({
      ok: false,
      refusal: { code: 'ca.expired', next: 'capstan status' },
    })
  })
})
