import { inFile, SPEED, type Survivor, TYPES } from './survivor.js'

const before = inFile('tokenreview/answer-before.ts')
const jws = inFile('tokenreview/compact-jws.ts')
const cache = inFile('tokenreview/jwks-cache.ts')
const jwks = inFile('tokenreview/jwks.ts')
const account = inFile('tokenreview/parse-service-account.ts')
const offline = inFile('tokenreview/review-offline.ts')
const queue = inFile('tokenreview/review-queue.ts')
const algorithm = inFile('tokenreview/signature-algorithm.ts')
const json = inFile('tokenreview/strict-json.ts')
const claims = inFile('tokenreview/token-claims.ts')

const ONCE = 'a signal aborts once'
const REMEMBERED = `a header that is not remembered is parsed again: ${SPEED}`

export const tokenreview: readonly Survivor[] = [
  before('{ once: true }', '{}', ONCE),
  before('true', 'false', ONCE),
  jws(
    'token.length > MAX_LENGTH + 1',
    'false',
    `the next two lines refuse it without its newline: ${SPEED}`,
  ),
  jws("''", '"Stryker was here!"', 'it is no base64url of a header: malformed all the same', 4),
  jws('[]', '["Stryker was here"]', 'the first of them is passed over'),
  jws("header === ''", 'false', 'an empty header is no JSON object: malformed all the same'),
  jws("'latin1'", '""', 'the grammar has let through nothing but ASCII'),
  jws("'a part is not canonical base64url'", '""', 'a text for people'),
  jws('remembered', 'false', REMEMBERED),
  jws('parsed.ok', ['true', 'false'], REMEMBERED),
  jws(
    '{ if (this.known.size >= Headers.REMEMBERED) this.known = new Map() this.known.set(text, parsed.value) }',
    '{}',
    REMEMBERED,
  ),
  jws(
    'this.known.size >= Headers.REMEMBERED',
    [
      ...['true', 'false', 'this.known.size > Headers.REMEMBERED'],
      'this.known.size < Headers.REMEMBERED',
    ],
    'only speed and memory differ, and the module shows neither',
  ),
  jws('!bytes', 'false', 'second layer: no bytes are no JSON object'),
  cache('this.keys?.get', 'this.keys.get', TYPES, 2),
  cache('true', 'false', 'after a failure, which is told all the same'),
  jwks("'BadKeySet'", '""', 'a text for people: callers ask for the class'),
  jwks('default: return undefined', 'default:', 'a function without a `return` returns undefined'),
  jwks(
    "typeof name === 'string' && Object.hasOwn(curves, name)",
    ['true', "typeof name === 'string' || Object.hasOwn(curves, name)"],
    'second layer: what is no curve of ours has no coordinates that fit, and does not import',
  ),
  jwks("typeof name === 'string'", 'true', 'second layer: the next line asks again'),
  jwks("typeof name !== 'string'", 'false', TYPES),
  jwks("typeof text !== 'string'", 'false', TYPES),
  account(
    "''",
    '"Stryker was here!"',
    'no service account is called that, and of four parts none is absent',
    3,
  ),
  account('[]', '["Stryker was here"]', 'no group that is asked for, and no only value', 2),
  offline(
    'key.algorithm !== jws.algorithm',
    'false',
    'second layer: the key alone says how it is verified, and a signature of another algorithm has another length',
  ),
  queue('{ once: true }', '{}', ONCE),
  queue('true', 'false', ONCE),
  algorithm("{ hash: 'sha256' }", '{}', "OpenSSL's own choice for RSA is SHA-256"),
  json('{ return undefined }', '{}', 'what was not parsed is no object'),
  json('at < text.length', 'at <= text.length', 'beyond the end there is neither quote nor colon'),
  claims('[]', '["Stryker was here"]', 'no cluster is asked for that audience'),
  claims('exp - iat', 'exp + iat', 'a text for people'),
  claims("typeof value === 'number'", 'true', TYPES),
  claims("''", '"Stryker was here!"', 'neither is the name of a service account'),
]
