import { generateKeyPairSync, sign } from 'node:crypto'

/**
 * PKCS#10, DER, P-256 with SHA-256. With a name as linkerd2-proxy's init makes it: CN and one DNS
 * name. Without, as `capstan cert get` does: the key and nothing else.
 */
export function makeCsr(name, keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })) {
  const text = Buffer.from(name ?? '')
  const subject = name ? sequence(set(sequence(COMMON_NAME, tlv(0x0c, text)))) : sequence()
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' })
  const names = sequence(tlv(0x82, text))
  const extensions = sequence(sequence(SUBJECT_ALT_NAME, tlv(0x04, names)))
  const asked = name ? sequence(EXTENSION_REQUEST, set(extensions)) : Buffer.alloc(0)
  const attributes = tlv(0xa0, asked)
  const info = sequence(VERSION_0, subject, spki, attributes)
  const signature = sign('sha256', info, keys.privateKey)
  const bits = tlv(0x03, Buffer.concat([Buffer.from([0]), signature]))
  return sequence(info, sequence(ECDSA_WITH_SHA256), bits)
}

/** DER OBJECT IDENTIFIERs and an INTEGER, whole. */
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex')
const EXTENSION_REQUEST = Buffer.from('06092a864886f70d01090e', 'hex')
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex')
const VERSION_0 = Buffer.from('020100', 'hex')

function tlv(tag, content) {
  const { length } = content
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

const sequence = (...parts) => tlv(0x30, Buffer.concat(parts))
const set = (...parts) => tlv(0x31, Buffer.concat(parts))
