import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cosignedMessage, joinCosignature } from '../../src/tlog/cosignature.js'
import { formatNote, parseNote, verifyNote } from '../../src/tlog/note.js'
import { toBase64 } from '../../src/tlog/note-text.js'
import {
  formatVerifierKey,
  parseVerifierKey,
  signatureType,
  verifierKey,
  type VerifierKey,
} from '../../src/tlog/verifier-key.js'
import { logSigner, signerFromSkey, witnessSigner } from '../support/note-signers.js'

function keyOf(vkey: string): VerifierKey {
  const read = parseVerifierKey(vkey)
  if (!read.ok) throw new Error(read.refusal.found)
  return read.value
}
function codeOf(octets: string | Uint8Array, keys: readonly VerifierKey[]): string {
  const note = parseNote(typeof octets === 'string' ? Buffer.from(octets) : octets)
  const verified = note.ok ? verifyNote(note.value, keys) : note
  if (!verified.ok) return verified.refusal.code
  return verified.value.map(({ key }) => key.name).join(' ')
}

// sumdb/note/example_test.go and note_test.go of golang/mod @ fe2ec04 (BSD-3-Clause).
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const peterSkey = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const enochKey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const peterSig =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const enochSig =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n'
const peter = keyOf(peterKey)
const enoch = keyOf(enochKey)
const both = `${text}\n${peterSig}${enochSig}`

describe('a note of golang.org/x/mod/sumdb/note', () => {
  it('is signed by whoever is known', () => {
    expect(codeOf(both, [peter])).toBe('PeterNeumann')
    expect(codeOf(both, [enoch])).toBe('EnochRoot')
    expect(codeOf(both, [peter, enoch])).toBe('PeterNeumann EnochRoot')
    expect(codeOf(both, [])).toBe('tlog.unknown-key')
  })

  it('names the key whose signature is bad', () => {
    const note = parseNote(Buffer.from(`${text}\n${peterSig.replace('UgYN', 'UgYM')}`))
    const verified = note.ok && verifyNote(note.value, [peter])
    expect(verified && !verified.ok && verified.refusal.found).toBe('"PeterNeumann"')
  })

  it('is another text with a byte order mark before it', () => {
    expect(codeOf(`\ufeff${both}`, [peter])).toBe('tlog.bad-signature')
  })

  it('is signed once by a key that signed it twice', () => {
    expect(codeOf(`${text}\n${peterSig}${peterSig}`, [peter])).toBe('PeterNeumann')
  })

  it('is refused for one bad signature of a known key, beside a good one, or before it', () => {
    const bad = `${peterSig.slice(0, 60)}ABCD${peterSig.slice(60)}`
    const worse = peterSig.replace('UgYN', 'UgYM')
    for (const other of [bad, worse]) {
      expect(codeOf(`${text}\n${other}`, [peter])).toBe('tlog.bad-signature')
      expect(codeOf(`${text}\n${enochSig}${other}`, [peter, enoch])).toBe('tlog.bad-signature')
      expect(codeOf(`${text}\n${peterSig}${other}`, [peter])).toBe('tlog.bad-signature')
      expect(codeOf(`${text}\n${enochSig}${other}`, [enoch])).toBe('EnochRoot')
    }
  })

  it('is not signed by a key of the same name, or the same id, alone', () => {
    const misnamed = peterSig.replace('PeterNeumann', 'CarmenSandiego')
    expect(codeOf(`${text}\n${misnamed}`, [peter])).toBe('tlog.unknown-key')
    const otherId = peterSig.replace('x08g', 'xxxx')
    expect(codeOf(`${text}\n${otherId}`, [peter])).toBe('tlog.unknown-key')
    expect(codeOf(`${text}\n${otherId}${peterSig}`, [peter])).toBe('PeterNeumann')
  })

  it.each([
    ['the text alone', text],
    ['no signature', `${text}\n`],
    ['no line feed at the end', `${text}\n${peterSig.slice(0, -1)}`],
    ['a control character', `\u0001${text}\n${peterSig}`],
    ['a tab', `\t${text}\n${peterSig}`],
    ['a carriage return', both.replaceAll('\n', '\r\n')],
    ['no UTF-8', Buffer.concat([Buffer.of(0xff), Buffer.from(both)])],
    ['a name with a space', both.replace('— Pet', '— Bad Pet')],
    ['a name with "+"', both.replace('PeterNeumann', 'Peter+Neumann')],
    ['a name with a space of Unicode', both.replace('PeterNeumann', 'Peter\u00a0Neumann')],
    ['no name', both.replace('— PeterNeumann', '— ')],
    ['a hyphen for the dash', both.replace('— Pet', '- Pet')],
    ['two spaces', both.replace('— Pet', '—  Pet')],
    ['another line', `${both}Unexpected line.\n`],
    ['an empty line at the end', `${both}\n`],
    ['base64 of another spelling', both.replace('wJnAM=', 'wJnAN=')],
    ['base64 without padding', both.replace('wJnAM=', 'wJnAM')],
    ['the alphabet for URLs', both.replace('x08go/', 'x08go_')],
    ['an id and nothing more', `${text}\n— PeterNeumann ${toBase64(Buffer.alloc(4))}\n`],
    ['65 signatures', `${text}\n${peterSig.repeat(65)}`],
    ['more octets than a note has', `${'a'.repeat(131_072)}\n\n${peterSig}`],
    ['nothing', ''],
  ])('is not one with %s', (_, octets) => {
    expect(codeOf(octets, [peter, enoch])).toBe('tlog.malformed')
  })

  it('may have 16 signatures of the size of ML-DSA-44, which are not known here', () => {
    const line = `— pq.example/w ${toBase64(Buffer.alloc(4 + 8 + 2420, 7))}\n`
    expect(codeOf(`${text}\n${line.repeat(15)}${peterSig}`, [peter])).toBe('PeterNeumann')
  })

  it('is cosigned once by a witness that cosigned it often, at the latest of these times', async () => {
    const checkpoint = `log.example\n1\n${toBase64(Buffer.alloc(32))}\n`
    const witness = witnessSigner('witness.example')
    const { key } = witness
    const signed = async (time: number) => {
      const message = cosignedMessage(checkpoint, time) ?? Buffer.alloc(0)
      return {
        ...key,
        signature: joinCosignature({ time, signature: await witness.sign(message) }),
      }
    }
    const [first, second, third] = [await signed(100), await signed(200), await signed(300)]
    for (const signatures of [
      [first, second, third],
      [third, second, first],
      [second, third, first, third],
    ]) {
      const verified = verifyNote({ text: checkpoint, signatures }, [key])
      expect(verified).toEqual({ ok: true, value: [{ key, time: 300 }] })
    }
  })

  it('is made the same by the same key', async () => {
    const signer = signerFromSkey(peterSkey)
    expect(signer.key).toEqual(peter)
    const signature = await signer.sign(Buffer.from(text))
    const signed = formatNote({ text, signatures: [{ ...signer.key, signature }] })
    expect(signed).toBe(`${text}\n${peterSig}`)
  })
})

it('the example of C2SP signed-note is verified', () => {
  const key = keyOf('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
  const note =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
  expect(codeOf(note, [key])).toBe('example.com/foo')
  expect(codeOf(note.replace('message', 'massage'), [key])).toBe('tlog.bad-signature')
})

it('the last empty line is where the text ends', () => {
  const note = parseNote(Buffer.from(`first\n\n\nlast\n\n${peterSig}`))
  expect(note.ok && note.value.text).toBe('first\n\n\nlast\n')
})

it('what is parsed is written alike (property)', () => {
  const name = fc.stringMatching(/^[a-zäß./-]{1,12}$/)
  const signature = fc.record({
    name,
    id: fc.nat(0xffffffff),
    signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
  })
  const line = fc.stringMatching(/^[ -~é]{0,20}$/)
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.array(signature, { minLength: 1, maxLength: 5 }),
      (lines, signatures) => {
        const note = { text: `${lines.join('\n')}\n`, signatures }
        const octets = Buffer.from(formatNote(note))
        const read = parseNote(octets)
        expect(read.ok && formatNote(read.value)).toBe(octets.toString())
        expect(read.ok && read.value.text).toBe(note.text)
      },
    ),
  )
})

describe('a verifier key', () => {
  it('is written as it is read', () => {
    for (const vkey of [peterKey, enochKey]) expect(formatVerifierKey(keyOf(vkey))).toBe(vkey)
    const cosigner = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2'
    expect(keyOf(cosigner).type).toBe(signatureType.cosignature)
    expect(formatVerifierKey(keyOf(cosigner))).toBe(cosigner)
  })

  it('is no part of one, and none with an octet changed', () => {
    for (let from = 0; from <= peterKey.length; from++) {
      for (let to = from; to <= peterKey.length; to++) {
        const isWhole = from === 0 && to === peterKey.length
        expect(parseVerifierKey(peterKey.slice(from, to)).ok).toBe(isWhole)
      }
      const next = String.fromCharCode(peterKey.charCodeAt(from) + 1)
      const changed = peterKey.slice(0, from) + next + peterKey.slice(from + 1)
      if (from < peterKey.length) expect(parseVerifierKey(changed).ok).toBe(false)
    }
  })

  it.each([
    // Both with the id that they would have.
    ['too long', 'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=='],
    ['of no known type', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['with a capital in its id', peterKey.replace('c74f', 'C74F')],
    [
      'of ECDSA',
      'rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=',
    ],
    ['followed by a line feed', `${peterKey}\n`],
    ['after another part', `x+${peterKey}`],
  ])('is not one %s', (_, vkey) => {
    expect(parseVerifierKey(vkey).ok).toBe(false)
  })

  it('under which anybody signs is none', () => {
    for (const low of ['00'.repeat(32), `01${'00'.repeat(31)}`, `${'00'.repeat(31)}80`]) {
      expect(verifierKey('a', signatureType.ed25519, Buffer.from(low, 'hex'))).toBeUndefined()
    }
  })

  it('has a name that a note can hold', () => {
    const { publicKey } = peter
    expect(verifierKey('a'.repeat(1024), signatureType.ed25519, publicKey)).toBeDefined()
    for (const octets of [publicKey.slice(1), Buffer.concat([publicKey, Buffer.of(0)])]) {
      expect(verifierKey('a', signatureType.ed25519, octets)).toBeUndefined()
    }
    for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u2028b', '\ud800', 'a'.repeat(1025)]) {
      expect(verifierKey(name, signatureType.ed25519, publicKey)).toBeUndefined()
    }
    expect(verifierKey('ä', signatureType.ed25519, publicKey)?.name).toBe('ä')
  })

  it('has another id for another type', () => {
    const one = logSigner('a').key
    const other = verifierKey('a', signatureType.cosignature, one.publicKey)
    expect(other?.id).not.toBe(one.id)
    expect(witnessSigner('a').key.id).not.toBe(one.id)
  })
})
