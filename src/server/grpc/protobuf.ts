/** One field of a protobuf message, as it stood on the wire. */
export type ProtoField =
  | { readonly number: number; readonly wire: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly wire: 'bytes'; readonly value: Uint8Array }
  | { readonly number: number; readonly wire: 'fixed' }

/** Far above any message served here, far below what costs memory. */
const MAX_FIELDS = 64

const MAX_FIELD_NUMBER = 2 ** 29 - 1
const MAX_VARINT_OCTETS = 10
const MAX_UINT64 = (1n << 64n) - 1n

const WIRE_VARINT = 0
const WIRE_FIXED64 = 1
const WIRE_BYTES = 2
const WIRE_FIXED32 = 5

/**
 * Reads one message (protobuf encoding, proto3). Undefined for anything that no current encoder
 * writes: truncated or non-minimal varints, groups, unknown wire types, field number 0, lengths
 * past the end, or more than 64 fields. Byte values are views of `octets`.
 */
export function readFields(octets: Uint8Array): readonly ProtoField[] | undefined {
  const reader = { octets, at: 0 }
  const fields: ProtoField[] = []
  while (reader.at < octets.length) {
    if (fields.length === MAX_FIELDS) return undefined
    const field = readField(reader)
    if (!field) return undefined
    fields.push(field)
  }
  return fields
}

interface Reader {
  readonly octets: Uint8Array
  at: number
}

function readField(reader: Reader): ProtoField | undefined {
  const key = readVarint(reader)
  if (key === undefined) return undefined
  const number = Number(key >> 3n)
  if (number === 0 || number > MAX_FIELD_NUMBER) return undefined
  switch (Number(key & 7n)) {
    case WIRE_VARINT: {
      const value = readVarint(reader)
      return value === undefined ? undefined : { number, wire: 'varint', value }
    }
    case WIRE_BYTES: {
      const length = readVarint(reader)
      const value = length === undefined ? undefined : take(reader, length)
      return value && { number, wire: 'bytes', value }
    }
    case WIRE_FIXED64:
      return take(reader, 8n) && { number, wire: 'fixed' }
    case WIRE_FIXED32:
      return take(reader, 4n) && { number, wire: 'fixed' }
    default:
      // Groups (3, 4) are gone since proto3; 6 and 7 were never given a meaning.
      return undefined
  }
}

function take(reader: Reader, length: bigint): Uint8Array | undefined {
  if (length > BigInt(reader.octets.length - reader.at)) return undefined
  const start = reader.at
  reader.at += Number(length)
  return reader.octets.subarray(start, reader.at)
}

function readVarint(reader: Reader): bigint | undefined {
  let value = 0n
  for (let count = 0; count < MAX_VARINT_OCTETS; count += 1) {
    const octet = reader.octets[reader.at]
    if (octet === undefined) return undefined
    reader.at += 1
    value |= BigInt(octet & 0x7f) << BigInt(7 * count)
    if (octet < 0x80) {
      // A last octet of zero spells a shorter number at greater length: two spellings, one meaning.
      const overlong = octet === 0 && count > 0
      return overlong || value > MAX_UINT64 ? undefined : value
    }
  }
  return undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The last value of a bytes field (proto3: last one wins), empty when absent; undefined when it is no bytes field. */
export function bytesOf(fields: readonly ProtoField[], number: number): Uint8Array | undefined {
  let last: Uint8Array = new Uint8Array(0)
  for (const field of fields) {
    if (field.number !== number) continue
    if (field.wire !== 'bytes') return undefined
    last = field.value
  }
  return last
}

/** As `bytesOf`, for a string field: undefined also when any of its values is not UTF-8. */
export function stringOf(fields: readonly ProtoField[], number: number): string | undefined {
  let last = ''
  for (const field of fields) {
    if (field.number !== number) continue
    if (field.wire !== 'bytes') return undefined
    try {
      last = utf8.decode(field.value)
    } catch {
      return undefined
    }
  }
  return last
}

/** A varint of a whole number from 0 to 2^53 - 1. */
function varint(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a safe unsigned integer')
  const octets: number[] = []
  let rest = value
  while (rest >= 0x80) {
    octets.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  octets.push(rest)
  return octets
}

/** A varint field; nothing for 0, which proto3 leaves out. */
export function varintField(number: number, value: number): Uint8Array {
  if (value === 0) return new Uint8Array(0)
  return Uint8Array.from([...varint(number * 8 + WIRE_VARINT), ...varint(value)])
}

/** A length-delimited field, also when it is empty: an element of a repeated field is never left out. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([
    Uint8Array.from([...varint(number * 8 + WIRE_BYTES), ...varint(value.length)]),
    value,
  ])
}
