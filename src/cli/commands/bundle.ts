import { renderPem } from '../../core/pem.js'
import type { Answer, CommandSpec } from '../command.js'
import { deliver } from '../deliver.js'
import type { Invocation } from '../invocation.js'
import { segment } from '../operator-api.js'
import type { Outcome } from '../problem.js'

async function bundle(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const spiffe = call.text('format') === 'spiffe'
  const found = await api.value.read(spiffe ? '/v1/bundle/spiffe' : '/v1/bundle')
  if (!found.ok) return found
  const text = spiffe
    ? `${JSON.stringify(found.value.value, null, 2)}\n`
    : found.value
        .objects('trustAnchors')
        .map((anchor) => `${anchor.raw('pem').trim()}\n`)
        .join('')
  return deliver(call, found.value.value, text)
}

/** The bundle of one entry: not of trust anchors, but of what the index says of it, and why. */
async function exportBundle(call: Invocation): Promise<Outcome<Answer>> {
  const alias = call.alias(0)
  if (!alias.ok) return alias
  const api = await call.operator()
  if (!api.ok) return api
  const found = await api.value.octets(
    `/v1/entries/${segment(alias.value)}/bundle`,
    'application/json',
  )
  if (!found.ok) return found
  return deliver(call, JSON.parse(Buffer.from(found.value).toString()), found.value)
}

async function crl(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  let issuer = call.word(0)
  if (issuer === undefined) {
    const status = await api.value.read('/v1/status')
    if (!status.ok) return status
    issuer = status.value.object('issuer').raw('id')
  }
  const der = await api.value.octets(
    `/v1/crl/${encodeURIComponent(issuer)}.crl`,
    'application/pkix-crl',
  )
  if (!der.ok) return der
  const pem = renderPem('X509 CRL', der.value)
  const out = call.text('out')
  const raw = out !== undefined && call.text('format') === 'der'
  return deliver(call, { issuer, pem }, raw ? der.value : pem)
}

export const bundleCommands: readonly CommandSpec[] = [
  {
    path: 'bundle',
    summary: 'print the trust bundle',
    options: [
      { flags: '--out <file>', description: 'write it to a file, in one step' },
      {
        flags: '--format <format>',
        description: 'PEM, or a SPIFFE bundle (default: pem)',
        choices: ['pem', 'spiffe'],
      },
    ],
    examples: ['capstan bundle --out bundle.pem', 'capstan bundle --format spiffe'],
    run: bundle,
  },
  {
    path: 'bundle export',
    arguments: '<alias>',
    summary: 'an entry, its scopes and rules, and what proves them, in one file',
    details: [
      'Whoever has the file, the index id and the log key can verify it and decide about calls without a server: capstan verify, capstan permit --bundle, and capstan/verify in a program. It names the scopes above the entry and their voters.',
    ],
    options: [{ flags: '-o, --out <file>', description: 'write it to a file, in one step' }],
    examples: ['capstan bundle export payments/api -o api.json'],
    run: exportBundle,
  },
  {
    path: 'crl',
    arguments: '[issuer]',
    summary: 'print the certificate revocation list of an issuer',
    options: [
      { flags: '--out <file>', description: 'write it to a file, in one step' },
      {
        flags: '--format <format>',
        description: 'of the file (default: pem)',
        choices: ['pem', 'der'],
      },
    ],
    examples: [
      'capstan crl | openssl crl -noout -text',
      'capstan crl 3f2a9c1e5b7d8e60 --out issuer.crl --format der',
    ],
    run: crl,
  },
]
