import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CrlPlan } from '../../src/ca/crl.js'
import type { AuthorityPlan } from '../../src/ca/encode-authority.js'
import type { LeafPlan } from '../../src/ca/leaf.js'
import type { SignatureAlgorithm } from '../../src/ca/ports.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { renderPem } from '../../src/core/pem.js'
import { toIso, type UnixSeconds } from '../../src/core/time.js'
import { program } from './toolchains.js'

/** A CA's certificate, and its key as unencrypted PKCS#8. */
export interface OpensslIssuer {
  readonly certificate: Uint8Array
  readonly pkcs8: Uint8Array
  readonly algorithm: SignatureAlgorithm
}

const digests: Readonly<Record<SignatureAlgorithm, string>> = {
  'ecdsa-with-SHA256': 'sha256',
  'ecdsa-with-SHA384': 'sha384',
  Ed25519: 'default',
  sha256WithRSAEncryption: 'sha256',
}

const IDENTITY_OID = '1.2.840.113556.1.8000.2554.57634.11527.42558.18412.41886.6712626.6574472'

const colons = (octets: Uint8Array): string =>
  Buffer.from(octets)
    .toString('hex')
    .replaceAll(/..(?!$)/g, '$&:')

/** `YYYYMMDDHHMMSSZ`, of which `openssl ca` itself makes a UTCTime or a GeneralizedTime. */
const timeOf = (at: UnixSeconds): string => toIso(at).replaceAll(/[-:T]/g, '')

/** The command `openssl ca`, in a folder of its own. */
export class OpensslCa implements Disposable {
  private readonly openssl = program('openssl', 'openssl')
  private readonly home = mkdtempSync(join(tmpdir(), 'capstan-openssl-'))

  /** TBSCertificate for the key and subject of a CSR. */
  leaf(
    plan: Omit<LeafPlan, 'spki'> & { readonly keyId: Uint8Array },
    csr: Uint8Array,
    issuer: OpensslIssuer,
  ): Uint8Array {
    const names = plan.names.map(
      ({ kind, value }, at) => `${{ dns: 'DNS', uri: 'URI', ip: 'IP' }[kind]}.${at + 1} = ${value}`,
    )
    return this.sign(plan, csr, issuer, [
      'keyUsage = critical, digitalSignature',
      `extendedKeyUsage = ${plan.usages.join(', ')}`,
      `subjectAltName = ${plan.subjectUid === undefined ? 'critical, ' : ''}@names`,
      'authorityKeyIdentifier = keyid:always',
      `subjectKeyIdentifier = ${colons(plan.keyId)}`,
      ...(plan.identity === undefined
        ? []
        : [`${IDENTITY_OID} = ASN1:UTF8String:${plan.identity}`]),
      '[names]',
      ...names,
    ])
  }

  /** TBSCertificate of a CA, for the key and subject of a CSR. */
  authority(
    plan: Omit<AuthorityPlan, 'spki' | 'issuer' | 'subject' | 'authorityKeyId'>,
    csr: Uint8Array,
    issuer: OpensslIssuer,
  ): Uint8Array {
    const { pathLength, permittedDns } = plan
    return this.sign(plan, csr, issuer, [
      `basicConstraints = critical, CA:TRUE${pathLength === undefined ? '' : `, pathlen:${pathLength}`}`,
      'keyUsage = critical, keyCertSign, cRLSign',
      `subjectKeyIdentifier = ${colons(plan.subjectKeyId)}`,
      'authorityKeyIdentifier = keyid:always',
      ...(permittedDns.length === 0 ? [] : ['nameConstraints = critical, @regions']),
      '[regions]',
      ...permittedDns.map((name, at) => `permitted;DNS.${at + 1} = ${name}`),
    ])
  }

  /** CertificateList, signed by OpenSSL. */
  crl(plan: CrlPlan, issuer: OpensslIssuer): Uint8Array {
    const hex = plan.number.toString(16)
    this.write('crlnumber', `${hex.length % 2 === 0 ? '' : '0'}${hex}\n`)
    this.write(
      'index.txt',
      plan.revoked
        .map(({ serial, at, reason }) => {
          const because = reason === 'unspecified' ? '' : `,${reason}`
          const number = serial.replace(/^(00)+(?=..)/, '').toUpperCase()
          const date = timeOf(at).slice(2)
          return `R\t${date}\t${date}${because}\t${number}\tunknown\t/CN=x\n`
        })
        .join(''),
    )
    this.ca(issuer, [
      ...['-gencrl', '-crlexts', 'crl'],
      ...['-crl_lastupdate', timeOf(plan.thisUpdate), '-crl_nextupdate', timeOf(plan.nextUpdate)],
    ])
    return this.derOf('out.pem')
  }

  /** What OpenSSL prints of each certificate or CRL, in order, by one process for all. */
  texts(label: 'CERTIFICATE' | 'X509 CRL', ders: readonly Uint8Array[]): string[] {
    this.write('all.pem', ders.map((der) => renderPem(label, der)).join(''))
    const text = execFileSync(
      this.openssl,
      ['storeutl', '-noout', '-text', join(this.home, 'all.pem')],
      { encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    return text.split(/^\d+: (?:Certificate|CRL)$/m).slice(1)
  }

  private sign(
    plan: {
      readonly serial: SerialNumber
      readonly notBefore: UnixSeconds
      readonly notAfter: UnixSeconds
    },
    csr: Uint8Array,
    issuer: OpensslIssuer,
    extensions: readonly string[],
  ): Uint8Array {
    this.write('serial', `${plan.serial}\n`)
    this.write('index.txt', '')
    this.write('extensions', `[wanted]\n${extensions.join('\n')}\n`)
    this.write('csr.pem', renderPem('CERTIFICATE REQUEST', csr))
    this.ca(issuer, [
      ...['-in', join(this.home, 'csr.pem'), '-batch', '-notext', '-preserveDN', '-noemailDN'],
      ...['-startdate', timeOf(plan.notBefore), '-enddate', timeOf(plan.notAfter)],
      ...['-extfile', join(this.home, 'extensions'), '-extensions', 'wanted'],
    ])
    return this.derOf('out.pem')
  }

  private ca({ certificate, pkcs8, algorithm }: OpensslIssuer, args: readonly string[]): void {
    this.write('ca.pem', renderPem('CERTIFICATE', certificate))
    this.write('ca.key', renderPem('PRIVATE KEY', pkcs8))
    this.write(
      'ca.cnf',
      `[ca]
default_ca = here
[here]
database = ${this.home}/index.txt
new_certs_dir = ${this.home}
serial = ${this.home}/serial
crlnumber = ${this.home}/crlnumber
certificate = ${this.home}/ca.pem
private_key = ${this.home}/ca.key
default_md = ${digests[algorithm]}
policy = anything
unique_subject = no
[anything]
UID = optional
commonName = optional
[crl]
authorityKeyIdentifier = keyid:always
`,
    )
    this.write('index.txt.attr', 'unique_subject = no\n')
    execFileSync(
      this.openssl,
      ['ca', '-config', join(this.home, 'ca.cnf'), '-out', join(this.home, 'out.pem'), ...args],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
  }

  private write(name: string, text: string): void {
    writeFileSync(join(this.home, name), text)
  }

  private derOf(name: string): Uint8Array {
    const [, base64 = ''] =
      /-----BEGIN [^-]+-----([^-]+)-----END/.exec(readFileSync(join(this.home, name), 'utf8')) ?? []
    return Buffer.from(base64, 'base64')
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true })
  }
}
