import { describe, expect, it } from '@jest/globals'
import { canonicalize } from '../../../src/core/canonical-json.js'
import { LEAF_BACKDATE, minutes, unixSeconds } from '../../../src/core/time.js'
import { sha256Hex, type Uid } from '../../../src/core/uid.js'
import { type Binding, bindingOf } from '../../../src/namespace/binding.js'
import { evidenceFault } from '../../../src/namespace/evidence-then.js'
import {
  type IssuanceRecord,
  issuanceRecordOf,
  parseIssuanceRecord,
} from '../../../src/namespace/issuance-record.js'
import type { CertificateClaims } from '../../../src/namespace/not-allowed.js'
import { serverLeafFault } from '../../../src/namespace/server-leaf-then.js'
import { leaf } from '../../contract/given-store.js'
import { codeOf, valueOf } from '../given-index.js'

const record = valueOf(parseIssuanceRecord(issuanceRecordOf(leaf())))
const nobody = { entry: null, binding: null, policyDigest: null, rev: 0, size: null }
const codeWith = (over: object): string =>
  codeOf(parseIssuanceRecord(Buffer.from(canonicalize({ ...record, ...over }))))

describe('a record of the issuance log', () => {
  const { attestation, certificate, entry, binding, policyDigest, serial } = record
  it.each<readonly [keyof IssuanceRecord, readonly unknown[]]>([
    ['attestation', [`${attestation}a`, `a${attestation}`, [attestation], null, 7]],
    ['certificate', [`${certificate}a`, `a${certificate}`, [certificate], null, 7]],
    ['policyDigest', [`${policyDigest}a`, `a${policyDigest}`, [policyDigest]]],
    ['entry', [`${entry}a`, `a${entry}`, [entry], 7, true]],
    ['binding', [`${binding}a`, `b${binding}`, [binding], 7, false]],
    ['serial', [` ${serial}`, `0x${serial}`, `${serial}00`, [serial], null, 7]],
    ['notAfter', [-1, '7', null, true]],
    ['rev', [-1, 0, '7', null, true]],
    ['size', [-1, '7', true]],
  ])('is refused where its %s is in another form', (member, wrong) => {
    expect(codeWith({})).toBe('ok')
    for (const value of wrong) {
      expect([value, codeWith({ [member]: value })]).toEqual([value, 'tlog.malformed'])
    }
  })

  it('may count from 0', () => {
    expect(codeWith({ notAfter: 0, size: 0 })).toBe('ok')
  })

  it.each<readonly [string, object]>([
    ['a binding', { binding }],
    ['a policy', { policyDigest }],
    ['a revision', { rev: 1 }],
    ['a size', { size: 7 }],
  ])('of nobody is refused with %s', (_, over) => {
    expect(codeWith(nobody)).toBe('ok')
    expect(codeWith({ ...nobody, ...over })).toBe('tlog.malformed')
  })

  it('is an object, and nothing that has members like one', () => {
    for (const other of ['"text"', '7', 'true', '[]', 'null', '{}']) {
      const read = parseIssuanceRecord(Buffer.from(other))
      expect(read.ok ? 'ok' : read.refusal.found).toBe(
        other === '{}' ? 'other members' : 'no object of canonical JSON',
      )
    }
  })
})

const k8s = bindingOf({
  ...{ kind: 'k8s', cluster: `c${'a'.repeat(31)}` as Uid },
  ...{ namespace: 'pay', serviceAccount: 'api' },
})
const vm = bindingOf({ kind: 'vm', attestor: 'tpm', match: { rack: ['a'] } })

/** The fault in these facts, recorded as they are. */
function faultOf(facts: unknown, binding: Binding | undefined, over: Partial<IssuanceRecord> = {}) {
  const evidence = typeof facts === 'string' ? facts : canonicalize(facts)
  const recorded = { ...record, attestation: sha256Hex(evidence), ...over }
  return evidenceFault({ record: recorded, evidence }, binding)
}

describe('attested facts', () => {
  const { cluster, namespace, serviceAccount } = k8s as Extract<Binding, { kind: 'k8s' }>
  const pod = { kind: 'k8s', cluster, namespace, serviceAccount }
  const token = { kind: 'join-token', entry: record.entry, tokenId: 't' }
  const renewal = { kind: 'renewal', entry: record.entry, binding: record.binding }
  const wanted = 'facts that the binding answers to'

  it.each<readonly [string, unknown, Binding | undefined, string | undefined]>([
    ['of the service account of the binding', pod, k8s, undefined],
    ['of a service account, for a machine', pod, vm, 'k8s'],
    ['of a service account, for no binding', pod, undefined, 'k8s'],
    ['of a service account, and nothing said of it', { kind: 'k8s' }, vm, 'k8s'],
    ['of a token for the entry', token, undefined, undefined],
    ['of a token for another', { ...token, entry: 'e1' }, undefined, 'join-token'],
    ['of a token where there is a binding', token, k8s, 'join-token'],
    ['of a renewal of the same', renewal, k8s, undefined],
    ['of a renewal of another entry', { ...renewal, entry: 'e1' }, k8s, 'renewal'],
    ['of a renewal by another binding', { ...renewal, binding: null }, k8s, 'renewal'],
    ['of no kind', { entry: record.entry, binding: record.binding }, k8s, 'undefined'],
    ['of a kind that nobody knows', { ...renewal, kind: 'self' }, k8s, 'self'],
  ])('%s', (_, facts, binding, found) => {
    const fault = faultOf(facts, binding)
    expect(fault).toEqual(found && { reason: 'evidence', wanted, found })
  })

  it.each(['null', '"k8s"', '7', '[]', '[{"kind":"renewal"}]', '{ }', '', '{"kind":'])(
    'are no %s',
    (evidence) => {
      expect(faultOf(evidence, k8s)).toEqual({
        ...{ reason: 'evidence', wanted: 'attested facts', found: 'no object of canonical JSON' },
      })
    },
  )

  it('are those that were recorded, and no longer than any attestor says', () => {
    const { attestation } = record
    expect(faultOf(pod, k8s, { attestation })).toMatchObject({ wanted: attestation })
    expect(faultOf({ ...pod, more: 'x'.repeat(16_000) }, k8s)).toBeUndefined()
    expect(faultOf({ ...pod, more: 'x'.repeat(16_384) }, k8s)).toMatchObject({ reason: 'evidence' })
  })

  it('are not looked at where nobody shows them', () => {
    expect(evidenceFault({ record }, undefined)).toBeUndefined()
  })
})

describe('a certificate of nobody', () => {
  const notBefore = unixSeconds(1_800_000_000)
  const own: CertificateClaims = {
    ...{ serial: record.serial, notBefore, notAfter: unixSeconds(notBefore + minutes(60)) },
    ...{ names: [{ kind: 'dns', value: 'ca.example' }], keyAlgorithm: 'P-256' },
    ...{ usages: ['serverAuth'], identity: undefined, subject: '', isMoreThanLeaf: false },
  }
  const fault = (over: Partial<CertificateClaims>) =>
    serverLeafFault({ certificate: { der: new Uint8Array(), claims: { ...own, ...over } } })
  const service = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'
  const dns = (value: string) => ({ names: [...own.names, { kind: 'dns', value }] })

  it('is of a listener of the CA', () => {
    expect(fault({})).toBeUndefined()
    expect(fault({ names: [] })).toBeUndefined()
    expect(fault({ names: [{ kind: 'ip', value: '2001:db8::1' }] })).toBeUndefined()
    expect(fault(dns(service))).toBeUndefined()
  })

  it.each<readonly [string, Partial<CertificateClaims>, string, string]>([
    ['an identity', { identity: '{}' }, 'no governed identity', '{}'],
    ['an empty identity', { identity: '' }, 'no governed identity', ''],
    ['a subject', { subject: 'CN=x' }, 'no subject', 'CN=x'],
    ['a client', { usages: ['clientAuth'] }, 'serverAuth', 'clientAuth'],
    [
      ...(['a client too', { usages: ['serverAuth', 'clientAuth'] }, 'serverAuth'] as const),
      'serverAuth, clientAuth',
    ],
    ['no use', { usages: [] }, 'serverAuth', ''],
    ['an unknown key', { keyAlgorithm: undefined }, 'a key that a leaf may carry', 'none'],
    [
      ...(['a SPIFFE ID', { names: [{ kind: 'uri', value: 'spiffe://a/b' }] }] as const),
      ...(['host names and addresses', 'spiffe://a/b'] as const),
    ],
    [
      ...(['an address of mail', { names: [{ kind: 'email', value: 'a@b' }] }] as const),
      ...(['host names and addresses', 'a@b'] as const),
    ],
    ...[
      ...['*.example', 'CA.example', 'web.shop.serviceaccount.identity.linkerd.cluster.local'],
      ...['api.entry.identity.acme.example', `x.${service}`, `x${service}`],
      service.replace('identity.linkerd.cluster', 'identity.shop.cluster'),
    ].map((name) => [name, dns(name), 'host names and addresses', name] as const),
  ])('is not with %s', (_, over, wanted, found) => {
    expect(fault(over)).toEqual({ reason: 'server-leaf', wanted, found })
  })

  it('is not where it lasts longer than any leaf, by a second', () => {
    const longest = 86_400 + LEAF_BACKDATE
    const lasting = (lasts: number) => fault({ notAfter: unixSeconds(notBefore + lasts - 1) })
    expect(lasting(longest)).toBeUndefined()
    expect(lasting(longest + 1)).toEqual({
      ...{ reason: 'server-leaf', wanted: `at most ${longest} seconds`, found: `${longest + 1}` },
    })
  })

  it('is judged where there is something to judge', () => {
    expect(serverLeafFault({})).toBeUndefined()
    const certificate = { der: new Uint8Array(), claims: undefined }
    expect(serverLeafFault({ certificate })).toBeUndefined()
  })
})
