import { describe, expect, it } from '@jest/globals'
import { errorForLog } from '../../src/compose/open-log.js'
import { DependencyError } from '../../src/core/dependency-error.js'

const secret = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl'

describe('what the log says of an error', () => {
  it('is its name, message and code, and those of what caused it', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    expect(errorForLog(new DependencyError('kubernetes prod', 'no answer', cause))).toMatchObject({
      name: 'DependencyError',
      message: 'kubernetes prod: no answer',
      cause: { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
    })
  })

  // An HTTP client's error carries the request, with the token in its header.
  it('is nothing else that an adapter has put into it', () => {
    const request = { headers: { authorization: `Bearer ${secret}` }, body: { token: secret } }
    const cause = Object.assign(new Error('HTTP 500'), { request, response: { body: secret } })
    const error = Object.assign(new DependencyError('kubernetes prod', 'failed', cause), {
      token: secret,
    })
    expect(JSON.stringify(errorForLog(error))).not.toContain(secret)
  })

  it('is only its kind when it is no error', () => {
    expect(errorForLog({ token: secret })).toBe('object')
    expect(errorForLog(secret)).toBe('string')
  })

  it('ends, however long the chain of causes is', () => {
    let error = new Error('0')
    for (let depth = 1; depth < 1000; depth += 1) error = new Error(String(depth), { cause: error })
    expect(JSON.stringify(errorForLog(error)).length).toBeLessThan(5000)
  })
})
