/** io.linkerd.proxy.identity.CertifyRequest with gRPC's five octets before it. */
export function certifyFrame({ identity, token, csr }) {
  return framed(
    Buffer.concat([field(1, Buffer.from(identity)), field(2, Buffer.from(token)), field(3, csr)]),
  )
}

/** A CertifyResponse of this leaf and its issuer, frame included: as long as a real one. */
export function answerFrame({ leaf, issuer }) {
  const message = Buffer.concat([field(1, leaf), field(2, issuer), field(3, Buffer.alloc(12))])
  return framed(message)
}

function framed(message) {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** The leaf (field 1) of a CertifyResponse, frame included. */
export function leafOf(answer) {
  let at = 5
  if (answer[at] !== 0x0a) throw new Error('the answer does not begin with a leaf')
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const octet = answer[(at += 1)]
    length |= (octet & 0x7f) << shift
    if (octet < 0x80) break
  }
  return answer.subarray(at + 1, at + 1 + length)
}

const field = (number, value) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(value.length)]), value])

function varint(value) {
  const octets = []
  for (; value > 0x7f; value >>>= 7) octets.push((value & 0x7f) | 0x80)
  return [...octets, value]
}
