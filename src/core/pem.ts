export interface PemBlock {
  /** `CERTIFICATE`, without the dashes. */
  readonly label: string
  readonly der: Uint8Array
}

const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$/

/**
 * The blocks of a text that holds nothing else but white space (RFC 7468, without its explanatory
 * text and without the headers of RFC 1421); undefined for any other text. One pass, so that a text
 * of nothing but `-----BEGIN` lines costs no more than its length.
 */
export function parsePem(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = []
  let open: { readonly label: string; readonly lines: string[] } | undefined
  for (const untrimmed of text.split('\n')) {
    const line = untrimmed.trim()
    if (open === undefined) {
      if (line === '') continue
      const label = BEGIN.exec(line)?.[1]
      if (label === undefined) return undefined
      open = { label, lines: [] }
    } else if (line === `-----END ${open.label}-----`) {
      const der = parseBase64(open.lines.join(''))
      if (der === undefined) return undefined
      blocks.push({ label: open.label, der })
      open = undefined
    } else {
      open.lines.push(line)
    }
  }
  return open === undefined ? blocks : undefined
}

/** RFC 4648 section 4, padded, its unused bits zero; undefined for anything else, and for nothing. */
export function parseBase64(text: string): Uint8Array | undefined {
  const octets = Buffer.from(text, 'base64')
  // Node decodes leniently: writing it again shows whether the text was the one spelling.
  return text !== '' && octets.toString('base64') === text ? octets : undefined
}

/** Lines of 64 characters, each ended by a line feed. */
export function renderPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der.buffer, der.byteOffset, der.length)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
