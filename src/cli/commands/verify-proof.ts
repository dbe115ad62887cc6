import { leafHash } from '../../tlog/hash.js'
import { toBase64, utf8 } from '../../tlog/note-text.js'
import { parseProof, verifyProof } from '../../tlog/proof-text.js'
import { isStateProof } from '../../tlog/state-proof-text.js'
import { parseVerifierKey } from '../../tlog/verifier-key.js'
import { sha256Hex } from '../../core/uid.js'
import { visible } from '../../core/visible.js'
import { type IssuanceRecord, parseIssuanceRecord } from '../../namespace/issuance-record.js'
import { certificateIn } from '../certificate-file.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import { policyOf, policyOptions } from './policy-options.js'
import { verifyState } from './verify-state-proof.js'
import { witnessesOf } from './witnesses.js'

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const key = parseVerifierKey(call.text('key') ?? '')
  if (!key.ok) return refused(key.refusal)
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const octets = await call.file(call.word(0) ?? '-')
  if (!octets.ok) return octets
  if (isStateProof(octets.value)) {
    return verifyState(call, octets.value, { key: key.value, policy: policy.value })
  }
  if (call.text('about') !== undefined) return usage('this is no proof of the state')
  const proof = parseProof(octets.value)
  if (!proof.ok) return refused(proof.refusal)
  const record = await recordOf(call, proof.value.extra)
  if (!record.ok) return record
  const verified = verifyProof(proof.value, leafHash(record.value), key.value, policy.value)
  if (!verified.ok) return refused(verified.refusal)
  const named = await certificateOf(call, record.value)
  if (!named.ok) return named
  const { origin, size, root } = verified.value
  const [{ index }, text] = [proof.value, utf8(record.value)]
  const witnesses = witnessesOf(verified.value)
  const json = {
    origin,
    record: index,
    size,
    root: toBase64(root),
    witnesses,
    content: text ?? null,
    ...(named.value && { serial: named.value.serial }),
  }
  return answer(json, (look) =>
    renderFields(look, [
      [
        'verified',
        `${look.paint('green', 'yes')}: the log has this ${named.value ? 'certificate' : 'record'}`,
      ],
      ['log', visible(origin)],
      ['record', `${index} of ${size}`],
      ['root', toBase64(root)],
      ['witnesses', witnesses.map(({ name, at }) => `${visible(name)} at ${at}`)],
      ['content', text === undefined ? 'no text' : visible(text)],
    ]),
  )
}

/** `--record`, or what the proof itself holds: it must hash to the leaf either way. */
async function recordOf(
  call: Invocation,
  extra: Uint8Array | undefined,
): Promise<Outcome<Uint8Array>> {
  const file = call.text('record')
  if (file !== undefined) return call.file(file)
  if (extra) return { ok: true, value: extra }
  return usage('the proof does not hold the record', { wanted: '--record with its octets' })
}

/** The record of the certificate that was asked about; undefined where none was. */
async function certificateOf(
  call: Invocation,
  record: Uint8Array,
): Promise<Outcome<IssuanceRecord | undefined>> {
  const file = call.text('certificate')
  if (file === undefined) return { ok: true, value: undefined }
  const octets = await call.file(file)
  if (!octets.ok) return octets
  const der = certificateIn(octets.value)
  if (!der) return usage(`${file} holds no certificate`, { wanted: 'PEM or DER' })
  const read = parseIssuanceRecord(record)
  if (!read.ok) return refused(read.refusal)
  if (read.value.certificate === sha256Hex(der)) return read
  return refused({
    code: 'tlog.bad-proof',
    detail: 'the proof is of another certificate',
    wanted: sha256Hex(der),
    found: read.value.certificate,
  })
}

export const verifyProofCommand: CommandSpec = {
  path: 'verify-proof',
  arguments: '<file>',
  summary: 'verify a proof that a log has a record, or of the state; needs no server',
  details: [
    'The key is what `capstan status` shows as the key of the log, kept from a time when it was trusted.',
    'A policy (C2SP tlog-policy) says which witnesses must have signed the checkpoint too.',
  ],
  options: [
    {
      flags: '--about <row>',
      description: 'of a proof of the state: the table and the name that it must be about',
    },
    { flags: '--key <vkey>', description: "the log's verifier key", need: 'required' },
    { flags: '--record <file>', description: "the record's octets, instead of those in the proof" },
    {
      flags: '--certificate <file>',
      description: 'of a proof of the issuance log: the certificate that it must be of',
    },
    ...policyOptions,
  ],
  examples: [
    'capstan verify-proof proof.txt --key acme.example/index+5f0a11c2+AW9...',
    'capstan verify-proof proof.txt --key acme.example/issuance+90b1... --certificate cert.pem',
    'capstan verify-proof state.txt --key acme.example/index+5f0a11c2+AW9... --about "alias shop/web"',
  ],
  run: verify,
}
