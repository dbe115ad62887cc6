import { readFileSync } from 'node:fs'
import { canonicalize } from '../../src/core/canonical-json.js'
import { parseIssuanceRecord } from '../../src/namespace/issuance-record.js'
import { mutateCanonical, mutateJson } from '../mutate/json.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const vectors = new URL('../../docs/format/vectors/issuance.json', import.meta.url)
const { records } = JSON.parse(readFileSync(vectors, 'utf8')) as {
  readonly records: readonly { readonly record: string }[]
}

function run(input: Uint8Array): string {
  const read = parseIssuanceRecord(input)
  if (!read.ok) return `${endingOf(read.refusal)} ${read.refusal.found ?? ''}`
  const { value: record } = read
  hold(sameOctets(Buffer.from(canonicalize(record)), input), 'a record has one spelling')
  const { entry, binding, policyDigest, rev, size, serial, notAfter } = record
  const isGoverned = rev > 0 && size !== null && policyDigest !== null
  const isNobodys = rev === 0 && size === null && policyDigest === null && binding === null
  hold(entry === null ? isNobodys : isGoverned, 'a record is of an entry, or of nobody')
  hold(/^[0-9a-f]{32}$/.test(serial), 'a serial number has one spelling')
  hold(Number.isSafeInteger(notAfter) && notAfter >= 0, 'an end is a number of seconds')
  return `read ${entry === null ? 'nobody' : 'entry'} ${binding === null ? '' : 'bound'}`
}

export const target: Target = {
  seeds: () => records.map(({ record }) => Buffer.from(record)),
  mutators: [mutateCanonical, mutateJson],
  run,
}
