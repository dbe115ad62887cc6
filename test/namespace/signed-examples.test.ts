import { expect, it } from '@jest/globals'
import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '../../src/core/uid.js'
import { type Opened, preAuthEncoding } from '../../src/namespace/dsse.js'
import { readInvocation } from '../../src/namespace/emergency/emergency-statements.js'
import { readCancellation, readRecovery } from '../../src/namespace/recovery/recovery-statements.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/format-index-log.md'), 'utf8')

/** RFC 8032 section 7.1, test 1. */
const key = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  },
})

const EXAMPLE = /```\n(application\/\S+)\n(\{.*\})\ndigest {2}(\S+)\nsig {5}(\S+)\n```/g

const readers: Readonly<Record<string, (opened: Opened) => unknown>> = {
  'application/vnd.capstan.emergency.v1+json': readInvocation,
  'application/vnd.capstan.recovery.v1+json': readRecovery,
  'application/vnd.capstan.recovery-cancellation.v1+json': readCancellation,
}

it('the statements in docs/format-index-log.md are true', () => {
  const found = [...page.matchAll(EXAMPLE)]
  expect(found.map(([, type]) => type).sort()).toEqual(Object.keys(readers).sort())
  for (const [, type = '', text = '', digest = '', sig = ''] of found) {
    const payload = Buffer.from(text)
    const signed = preAuthEncoding(type, payload)
    expect(sha256Hex(signed)).toBe(digest)
    expect(sign(null, signed, key).toString('base64')).toBe(sig)
    const opened = { payloadType: type, payload, signatures: [], digest }
    expect(readers[type]?.(opened)).toEqual(JSON.parse(text))
  }
})
