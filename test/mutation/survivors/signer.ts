import { inFile, SPEED, type Survivor, TYPES } from './survivor.js'

const vault = inFile('keys/file-vault.ts')
const kek = inFile('keys/key-encryption-key.ts')
const keySigner = inFile('keys/key-signer.ts')
const pem = inFile('keys/private-key-from-pem.ts')
const sealed = inFile('keys/sealed-key.ts')
const durably = inFile('keys/write-durably.ts')
const issuer = inFile('ca/issuer.ts')
const plan = inFile('ca/plan-leaf.ts')
const encode = inFile('ca/encode-leaf.ts')
const check = inFile('ca/check-leaf.ts')
const reader = inFile('ca/leaf-reader.ts')
const crl = inFile('ca/crl.ts')
const hierarchy = inFile('ca/hierarchy.ts')
const authority = inFile('ca/encode-authority.ts')
const names = inFile('ca/name-constraints.ts')
const algorithm = inFile('ca/x509/signature-algorithm.ts')

const NOTHING = 'a function without a `return` returns undefined'
const DESCRIPTOR = 'the descriptor is closed by the garbage collector, later'
const HEX = 'second layer: what is no hex is decoded to fewer octets than a key has'
const THROWS = 'throws all the same, a line later'
const UNDEFINED =
  'a member that is undefined in place of one that is absent: its readers ask for undefined'
const CANNOT = 'what the encoder wrote is always read: there is no way to make it fail'
const QUIET = 'OpenSSL is not known to throw here: it says false'
const MORE =
  'every other one is compared by itself, and one more has no room in octets of that number'
const SIGNATURE = 'second layer: the signature is then not good'

export const signer: readonly Survivor[] = [
  vault('sealed?.ok', 'sealed.ok', 'a file that goes between two looks at the folder'),
  vault('sealed', 'true', 'a file that goes between two looks at the folder'),
  vault(
    'names.filter((name) => name.endsWith(SUFFIX)).sort()',
    'names.filter(name => name.endsWith(SUFFIX))',
    'which of two faults is named first',
  ),
  vault('{ await file.close() }', '{}', DESCRIPTOR),
  vault('default: return unreachable(kind)', 'default:', TYPES),
  kek('/^[0-9a-fA-F]{64}$/', '/[0-9a-fA-F]{64}$/', HEX),
  keySigner('{ return undefined }', '{}', NOTHING),
  keySigner("type === 'ec'", 'true', 'no other type of key has a named curve', 2),
  pem('pem.slice(label.index)', 'pem', 'OpenSSL passes over the blocks before the key by itself'),
  pem("''", '"Stryker was here!"', 'a key that is not encrypted needs no passphrase'),
  pem('{ return undefined }', '{}', NOTHING),
  sealed(
    '{ authTagLength: TAG_OCTETS }',
    '{}',
    "16 octets are OpenSSL's own choice, and another tag is refused as the file is read",
    2,
  ),
  sealed('{ return undefined }', '{}', NOTHING, 2),
  sealed("typeof salt !== 'string'", 'false', TYPES),
  durably('{ await file.close() }', '{}', DESCRIPTOR),
  durably('{ await folder.sync() }', '{}', 'only a crash tells: `npm run test:crash`'),
  durably('{ await folder.close() }', '{}', DESCRIPTOR),
  issuer('signed % VERIFY_ONE_OF === 0', 'true', SPEED),
  issuer('signed += 1', 'signed -= 1', 'counting down, every 256th is looked at too'),
  issuer('key !== undefined', 'true', TYPES),
  plan('subjectUid === undefined', 'false', UNDEFINED),
  plan('identity === undefined', 'false', UNDEFINED),
  plan('default: return unreachable(kind)', 'default:', TYPES),
  encode('names.length - 1', 'names.length + 1', 'what is beyond the end is passed over'),
  encode('name', 'true', TYPES),
  encode('octets === undefined', 'false', THROWS),
  encode('usages.length - 1', 'usages.length + 1', 'what is beyond the end is passed over'),
  encode('usage', 'true', TYPES),
  encode('last?.at !== at', 'true', SPEED),
  check('signedEnd < 0', 'signedEnd <= 0', 'no value ends where the certificate begins'),
  check('!octets', 'false', TYPES),
  check('false', 'true', TYPES),
  reader(
    'this.at + count > octets.length',
    'this.at + count >= octets.length',
    'second layer: where the length is the last there is, its value is cut off',
  ),
  reader('end < 0', 'end <= 0', 'no value ends at 0', 2),
  reader('end < 0', 'false', 'what is not there is no number'),
  reader("hex < '8'", "hex <= '8'", 'there are two digits for each octet'),
  crl('!facts.ok', 'false', THROWS),
  crl('!sameOctets(spki, signer.spki)', 'false', SIGNATURE),
  hierarchy('subject.notAfter - now', 'subject.notAfter + now', "ends with the subject's own end"),
  hierarchy('pathLength === undefined', 'false', UNDEFINED),
  hierarchy('!sameOctets(signer.spki, spki)', 'false', SIGNATURE),
  hierarchy(
    "['extensions', facts.extensions.length === (plan.permittedDns.length === 0 ? 4 : 5)]",
    '[]',
    MORE,
  ),
  hierarchy("'extensions'", '""', MORE),
  hierarchy('facts.extensions.length === (plan.permittedDns.length === 0 ? 4 : 5)', 'true', MORE),
  hierarchy('superior.basicConstraints?.ca', 'superior.basicConstraints.ca', THROWS),
  hierarchy('[]', '["Stryker was here"]', 'a text has no `value`, and joins to nothing'),
  hierarchy('!facts.ok', 'false', THROWS),
  authority('!facts.ok', 'false', CANNOT),
  names('[]', '["Stryker was here"]', 'a text has no `kind`, and is left out'),
  algorithm('{ return undefined }', '{}', NOTHING),
  algorithm('scheme?.hash', 'scheme.hash', TYPES),
  algorithm('{ return false }', '{}', QUIET),
  algorithm('false', 'true', QUIET),
]
