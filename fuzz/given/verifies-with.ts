import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'

/** Is this a DSSE envelope that the key has signed? Reckoned beside Capstan's own reader. */
export function verifiesWith(jwk: object, line: Uint8Array): boolean {
  const { payload, payloadType, signatures } = JSON.parse(Buffer.from(line).toString()) as {
    readonly payload: string
    readonly payloadType: string
    readonly signatures: readonly { readonly sig: string }[]
  }
  const body = Buffer.from(payload, 'base64')
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const [{ sig } = { sig: '' }] = signatures
  return verify(null, Buffer.concat([Buffer.from(head), body]), key, Buffer.from(sig, 'base64'))
}
