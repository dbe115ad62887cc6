import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import {
  encodeMessage,
  framed,
  MessageReader,
  parseTimeout,
} from '../../src/server/grpc/framing.js'
import { readCertifyRequest } from '../../src/server/grpc/identity-messages.js'
import {
  bytesField,
  type ProtoField,
  readFields,
  varintField,
} from '../../src/server/grpc/protobuf.js'
import { GrpcFailure } from '../../src/server/grpc/status.js'
import { Random } from '../engine/random.js'
import { mutateOctets } from '../mutate/octets.js'
import type { Mutator } from '../mutate/mutator.js'
import { hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

/** One small enough for inputs to be beyond it, and the server's own. */
const LIMITS = [64, 65_536]

function run(input: Uint8Array): string {
  const endings = LIMITS.map((limit) => checkCuts(input, limit))
  const text = Buffer.from(input).toString('latin1')
  const timeout = checkTimeout(text.slice(0, 16))
  checkMessage(Buffer.from(input).toString('utf8'))
  return `${endings.join(', ')}, ${timeout}, ${readMessage(input)}`
}

/** The same octets in other pieces are the same request. */
function checkCuts(input: Uint8Array, limit: number): string {
  const whole = received([input], limit)
  const random = new Random(input.length)
  const pieces = [
    cut(input, () => 1 + random.below(64)),
    [NOTHING, ...cut(input, () => 4096), NOTHING],
  ]
  // Octet by octet is slow for what is large.
  if (input.length <= 1024) pieces.push(cut(input, () => 1))
  for (const chunks of pieces) {
    const other = received(chunks, limit)
    hold(endingOf(other) === endingOf(whole), 'the result does not depend on how octets arrive')
    if (other instanceof Uint8Array && whole instanceof Uint8Array) {
      hold(sameOctets(other, whole), 'the message does not depend on how octets arrive')
    }
  }
  if (whole instanceof Uint8Array) {
    hold(whole.length <= limit, 'a message is within its limit')
    hold(sameOctets(framed(whole), input), 'a message is framed as it was')
    return `message, ${readMessage(whole)}`
  }
  hold(whole.status !== 13, 'what a client sends is no internal error')
  return endingOf(whole)
}

function received(chunks: readonly Uint8Array[], limit: number): Uint8Array | GrpcFailure {
  const reader = new MessageReader(limit)
  for (const chunk of chunks) {
    const failure = reader.push(chunk)
    hold(reader.room <= 2 * (limit + 4096), 'no more memory than a message may need')
    if (failure) return failure
  }
  return reader.finish()
}

function cut(input: Uint8Array, size: () => number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < input.length;) {
    const until = at + size()
    chunks.push(input.subarray(at, until))
    at = until
  }
  return chunks
}

const endingOf = (result: Uint8Array | GrpcFailure): string =>
  result instanceof GrpcFailure
    ? `${result.status} ${result.message.replaceAll(/\d+/g, '#')}`
    : 'message'

function readMessage(message: Uint8Array): string {
  const fields = readFields(message)
  const request = readCertifyRequest(message)
  if (fields === undefined) {
    hold(request === undefined, 'what is no message is no request')
    return 'no message'
  }
  // Of a fixed field only the number is kept.
  if (!fields.some(({ wire }) => wire === 'fixed')) {
    // Nor does the writer have zeros, or numbers beyond the exact ones of JavaScript.
    const exact = fields.every((field) => field.wire !== 'varint' || isWritable(field.value))
    const written = exact ? Buffer.concat(fields.map(writeField)) : message
    hold(sameOctets(written, message), 'fields are written as they were read')
  }
  if (!request) return `${fields.length} fields`
  const { identity, token, csr } = request
  const written = [bytesField(1, Buffer.from(identity)), bytesField(2, token), bytesField(3, csr)]
  const again = readCertifyRequest(Buffer.concat(written))
  hold(again?.identity === identity && sameOctets(again.csr, csr), 'a request is read as written')
  const theirs = readByProtobufjs(message)
  hold(theirs.identity === identity, 'protobufjs reads the same identity')
  hold(sameOctets(theirs.token, token), 'protobufjs reads the same token')
  hold(sameOctets(theirs.certificate_signing_request, csr), 'protobufjs reads the same CSR')
  return `request of ${fields.length} fields`
}

const isWritable = (value: bigint): boolean =>
  value > 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)

function writeField(field: ProtoField): Uint8Array {
  if (field.wire === 'bytes') return bytesField(field.number, field.value)
  if (field.wire === 'fixed') return NOTHING
  return varintField(field.number, isWritable(field.value) ? Number(field.value) : 1)
}

interface TheirRequest {
  readonly identity: string
  readonly token: Uint8Array
  readonly certificate_signing_request: Uint8Array
}

const proto = fileURLToPath(new URL('../../test/fixtures/proto/identity.proto', import.meta.url))
const service = loadSync(proto, { keepCase: true, defaults: true })[
  'io.linkerd.proxy.identity.Identity'
] as ServiceDefinition
const certify = service['Certify'] as MethodDefinition<TheirRequest, object>

const readByProtobufjs = (message: Uint8Array): TheirRequest =>
  certify.requestDeserialize(Buffer.from(message))

function checkTimeout(text: string): string {
  const ms = parseTimeout(text)
  if (ms === undefined) return 'no timeout'
  hold(/^\d{1,8}[HMSmun]$/.test(text), 'a timeout is digits and a unit')
  hold(
    Number.isFinite(ms) && ms >= 0 && ms <= 99_999_999 * 3_600_000,
    'a timeout is a length of time',
  )
  return `timeout ${text.slice(-1)}`
}

/** `grpc-message` is printable, and says what was to be said. */
function checkMessage(text: string): void {
  const encoded = encodeMessage(text)
  hold(/^[ -~]*$/.test(encoded), 'a grpc-message is printable ASCII')
  const said = text.slice(0, 1024).toWellFormed()
  hold(decodeURIComponent(encoded) === said, 'a grpc-message is read as it was written')
}

const NOTHING = new Uint8Array(0)

/** Changes the message, and frames it again. */
const mutateFramed: Mutator = (input, material) => {
  const message = material.random.oneIn(3) ? mutateFields(input.subarray(5), material) : undefined
  return framed(message ?? mutateOctets(input.subarray(5), material) ?? input)
}

/** Puts another field in, takes one out, or puts one elsewhere. */
const mutateFields: Mutator = (input, { random, word, other }) => {
  const fields = [...(readFields(input) ?? [])].map(writeField)
  const at = random.below(fields.length + 1)
  const content = random.oneIn(2) ? Buffer.from(word()) : other()
  switch (random.below(3)) {
    case 0:
      fields.splice(at, 1)
      break
    case 1:
      fields.splice(at, 0, ...fields.splice(random.below(fields.length), 1))
      break
    default:
      fields.splice(at, 0, bytesField(1 + random.below(4), content))
  }
  return Buffer.concat(fields)
}

function seeds(): readonly Uint8Array[] {
  const request = certify.requestSerialize({
    identity: 'web.app.serviceaccount.identity.linkerd.cluster.local',
    token: Buffer.from('token'),
    certificate_signing_request: Buffer.from([0x30, 0]),
  })
  const fields = [
    '0801',
    '0d01020304',
    '0901020304050607ff',
    '0a00',
    '08ffffffffffffffffff01',
    '1203616263',
  ]
  return [
    framed(request),
    request,
    framed(NOTHING),
    ...fields.map((hex) => Buffer.from(hex, 'hex')),
    ...['1H', '100m', '5S', '99999999n', '30M', '7u'].map((text) => Buffer.from(text)),
    Buffer.of(1, 0, 0, 0, 0),
    Buffer.of(0, 0, 1, 0, 1),
    Buffer.from('100% \u{1f600}'),
  ]
}

export const target: Target = { seeds, mutators: [mutateFramed, mutateFields], run }
