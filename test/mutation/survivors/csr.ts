import { inFile, SPEED, type Survivor, TYPES } from './survivor.js'

const text = inFile('csr/csr-from-text.ts')
const keyImport = inFile('csr/import-public-key.ts')
const parse = inFile('csr/parse-csr.ts')
const cache = inFile('csr/verified-csr-cache.ts')
const modulus = inFile('csr/weak-modulus.ts')

export const csr: readonly Survivor[] = [
  text('[]', '["Stryker was here"]', 'the first block is of use only where there is exactly one'),
  text('block !== undefined', 'true', TYPES),
  keyImport(
    "case 'P-384': return importPoint(key.algorithm, key.keyOctets)",
    "case 'P-384':",
    `an SPKI is imported in the way of the other keys: ${SPEED}`,
  ),
  keyImport('default: return unreachable(key.algorithm)', 'default:', TYPES),
  keyImport(
    '{ // OpenSSL says in many ways that a point or a number will not do. return undefined }',
    '{}',
    'a function without a `return` returns undefined',
  ),
  parse(
    'challengePassword === undefined',
    'false',
    'a member that is undefined in place of one that is absent; its only reader asks for undefined',
  ),
  parse("'other'", '""', 'no scheme has these parameters, whatever they are called'),
  cache("'base64url'", '""', 'the same digest in a longer text'),
  cache(
    'der.length > MAX_REMEMBERED_OCTETS',
    'false',
    `either alone: what is not remembered is not found, and what is not looked for is not. ${SPEED}`,
    2,
  ),
  modulus('POWERS[at]?.has', 'POWERS[at].has', TYPES),
]
