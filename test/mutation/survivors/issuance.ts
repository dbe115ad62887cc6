import { inFile, type Survivor, TYPES } from './survivor.js'

const admission = inFile('issuance/admission.ts')
const attest = inFile('issuance/attest.ts')
const authority = inFile('issuance/authority.ts')
const challenge = inFile('issuance/challenge.ts')
const crl = inFile('issuance/crl-publisher.ts')
const found = inFile('issuance/found-authority.ts')
const inFlight = inFile('issuance/in-flight.ts')
const inspect = inFile('issuance/inspect.ts')
const issue = inFile('issuance/issue-leaf.ts')
const issuanceLog = inFile('issuance/issuance-log.ts')
const joinToken = inFile('issuance/join-token.ts')
const certify = inFile('issuance/linkerd-certify.ts')

const UNDEFINED =
  'a member that is undefined in place of one that is absent: its readers ask for undefined'
const STALE = "`'stale'` is not ok, and is returned all the same a condition later"
const BOTH = 'the grammar has both or neither'

export const issuance: readonly Survivor[] = [
  admission('1 / 4', '1 * 4', 'a figure that was measured: docs/performance.md'),
  admission('false', 'true', 'over when somebody asks: nobody has waited for long yet'),
  admission('request.identity !== undefined', 'true', TYPES),
  admission('notAfter !== undefined', 'true', 'no time is at or before undefined'),
  attest('default: return unreachable(evidence)', 'default:', TYPES),
  authority(
    'record.keyRef === undefined',
    'false',
    'second layer: no vault has a key of the name undefined',
  ),
  authority(
    'now < newest.issuer.notBefore',
    'now <= newest.issuer.notBefore',
    'in its first second it is valid, and was found above',
  ),
  challenge("''", '"Stryker was here!"', 'neither is the nonce of a challenge', 2),
  crl('-1', '+1', 'asked for only where there is one'),
  crl('[]', '["Stryker was here"]', TYPES),
  found('!facts.ok', 'false', 'throws all the same, a line later'),
  found("''", '"Stryker was here!"', TYPES),
  found('keyRef !== undefined', 'true', UNDEFINED),
  inFlight('this.resolve?.()', 'this.resolve()', TYPES),
  inspect('row.entry === null', 'false', 'no entry has the uid null'),
  issue('request.ttl === undefined', 'false', UNDEFINED),
  issue("recorded === 'stale'", 'false', STALE),
  issue("'stale'", '""', STALE),
  issuanceLog('end !== undefined', 'true', TYPES),
  joinToken('[]', '["Stryker was here"]', 'the first of them is passed over'),
  joinToken(
    'id === undefined || secret === undefined',
    'id === undefined && secret === undefined',
    BOTH,
  ),
  joinToken('id === undefined', 'false', BOTH),
  joinToken('secret === undefined', 'false', BOTH),
  certify('latest - phase', 'latest + phase', `another phase, as even as this one`),
]
