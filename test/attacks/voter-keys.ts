import { type Attack, edit } from './attack.js'

const file = 'test/keys/pkcs11.test.ts'
const adapter = 'src/keys/pkcs11/voter-tokens.ts'

/** What a token, its module, or whoever can put something on it, may try against its voter. */
export const voterKeyAttacks: readonly Attack[] = [
  {
    id: 'attack 150',
    where: 'PKCS#11 modules',
    what: 'the public key of somebody else stands beside the private key, and is enrolled',
    proofs: [
      {
        file,
        name: 'is not believed about a public key that is not of the private key',
        check: 'what a token answers holds under the public key that it shows',
        without: edit(
          adapter,
          'if (isSignatureOf(known, bytes, signature)) return signature',
          'if (signature.length > 0) return signature',
        ),
      },
    ],
  },
  {
    id: 'attack 151',
    where: 'PKCS#11 tokens',
    what: 'a wrong PIN in a script is tried until the token is locked',
    proofs: [
      {
        file,
        name: 'is not tried where it %s',
        written: "'is not tried where it %s'",
        check: 'no PIN is tried where the next wrong one would lock the token',
        without: edit(
          'src/keys/pkcs11/session.ts',
          'if ((flags & CKF.pinFinalTry) !== 0) return lastTry',
          'if ((flags & CKF.pinFinalTry) < 0) return lastTry',
        ),
      },
    ],
  },
  {
    id: 'attack 152',
    where: 'PKCS#11 modules',
    what: 'a module makes a key that can be read out, whatever its template says',
    proofs: [
      {
        file,
        name: 'that is made must not be one that could leave, or could have left',
        check: 'a key that was made says of itself that it was never extractable',
        without: edit(
          adapter,
          'session.isSet(made.privateKey, CKA.neverExtractable)',
          'session.isSet(made.privateKey, CKA.sign)',
        ),
      },
    ],
  },
  {
    id: 'attack 153',
    where: 'PKCS#11 tokens',
    what: 'a second key of the same label, which the token may answer instead',
    proofs: [
      {
        file,
        name: 'is not chosen among several of a label, or of an id',
        check: 'one key, or none',
        without: edit(adapter, 'if (more.length > 0) {', 'if (more.length > 1) {'),
      },
    ],
  },
  {
    id: 'attack 154',
    where: 'RFC 7512, pin-value',
    what: 'the PIN is read from the list of processes, or from the history of the shell',
    proofs: [
      {
        file: 'test/cli/token-uri.test.ts',
        name: 'does not hold a PIN, and does not say it again',
        check: 'a URI with a PIN is refused',
        without: edit(
          'src/cli/voting/token-uri.ts',
          '/[?&;]pin-value=/i.test(text)',
          "text === ''",
        ),
      },
    ],
  },
]
