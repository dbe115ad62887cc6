import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HierarchyFiles } from '../../src/compose/hierarchy-files.js'
import { program } from '../support/toolchains.js'

export type OperatorKey = 'P-256' | 'P-384' | 'RSA-3072' | 'Ed25519'

/** What an operator brings to `capstan init`. */
export type OperatorHierarchy =
  /** A root and its key: Capstan makes the issuer. */
  | { readonly kind: 'root'; readonly root: OperatorKey }
  /** An issuer with its key, and what is above it; the root's key stays away. */
  | {
      readonly kind: 'issuer'
      readonly root: OperatorKey
      readonly intermediate?: OperatorKey
      readonly issuer: OperatorKey
      /** DNS regions that the issuer is held to. */
      readonly permittedDns?: readonly string[]
    }

export interface OperatorFiles {
  /** Options of `capstan init`. */
  readonly init: HierarchyFiles
  /** PEM, of who signed the trust anchor and of who signed the issuer: Capstan may never see them. */
  readonly rootKey: string
  readonly superiorKey: string
}

/** Makes them with OpenSSL's command: encoding, names, key identifiers and dates are not ours. */
export function operatorFiles(folder: string, wanted: OperatorHierarchy): OperatorFiles {
  const root = join(folder, 'root')
  makeRoot(root, wanted.root)
  const rootKey = `${root}.key`
  if (wanted.kind === 'root') {
    return { init: { rootCert: `${root}.pem`, rootKey }, rootKey, superiorKey: rootKey }
  }
  let superior = root
  if (wanted.intermediate !== undefined) {
    superior = join(folder, 'intermediate')
    makeBelow(root, superior, { key: wanted.intermediate, pathLength: 1 })
  }
  const issuer = join(folder, 'issuer')
  const { issuer: key, permittedDns } = wanted
  makeBelow(superior, issuer, { key, pathLength: 0, ...(permittedDns && { permittedDns }) })
  // `--issuer-cert` takes the issuer, then its intermediates.
  if (superior !== root) appendFileSync(`${issuer}.pem`, readFileSync(`${superior}.pem`))
  return {
    init: { rootCert: `${root}.pem`, issuerCert: `${issuer}.pem`, issuerKey: `${issuer}.key` },
    rootKey,
    superiorKey: `${superior}.key`,
  }
}

const newKey: Readonly<Record<OperatorKey, readonly string[]>> = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'RSA-3072': ['-newkey', 'rsa:3072'],
  Ed25519: ['-newkey', 'ed25519'],
}

/** The digest of who signs. */
const digest: Readonly<Record<OperatorKey, string>> = {
  'P-256': '-sha256',
  'P-384': '-sha384',
  'RSA-3072': '-sha256',
  Ed25519: '-sha512',
}

/** `path` is that of the files, without their suffix. */
function makeRoot(path: string, key: OperatorKey): void {
  writeSettings(path, [
    'basicConstraints = critical, CA:TRUE',
    'keyUsage = critical, keyCertSign, cRLSign',
    'subjectKeyIdentifier = hash',
  ])
  openssl(
    ...['req', '-x509', '-config', `${path}.cnf`, '-extensions', 'extensions'],
    ...[...newKey[key], digest[key], '-nodes', '-keyout', `${path}.key`],
    ...['-subj', '/C=DE/O=Operator/CN=Operator root', '-days', '3650', '-out', `${path}.pem`],
  )
  writeFileSync(`${path}.digest`, digest[key])
}

function makeBelow(
  superior: string,
  path: string,
  wanted: {
    readonly key: OperatorKey
    readonly pathLength: number
    readonly permittedDns?: readonly string[]
  },
): void {
  const { key, pathLength, permittedDns = [] } = wanted
  writeSettings(path, [
    `basicConstraints = critical, CA:TRUE, pathlen:${pathLength}`,
    'keyUsage = critical, keyCertSign, cRLSign',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid:always',
    ...(permittedDns.length === 0
      ? []
      : [
          `nameConstraints = critical, ${permittedDns.map((name) => `permitted;DNS:${name}`).join(', ')}`,
        ]),
  ])
  const name = pathLength === 0 ? 'issuer' : 'intermediate'
  openssl(
    ...['req', '-new', '-config', `${path}.cnf`, ...newKey[key], '-nodes'],
    ...['-subj', `/C=DE/O=Operator/CN=Operator ${name}`],
    ...['-keyout', `${path}.key`, '-out', `${path}.csr`],
  )
  openssl(
    ...['x509', '-req', '-in', `${path}.csr`, '-CA', `${superior}.pem`],
    ...['-CAkey', `${superior}.key`, '-CAcreateserial', readFileSync(`${superior}.digest`, 'utf8')],
    ...['-extfile', `${path}.cnf`, '-extensions', 'extensions', '-days', '90'],
    ...['-out', `${path}.pem`],
  )
  writeFileSync(`${path}.digest`, digest[key])
}

const writeSettings = (path: string, extensions: readonly string[]): void =>
  writeFileSync(
    `${path}.cnf`,
    `[req]\ndistinguished_name = name\n[name]\n[extensions]\n${extensions.join('\n')}\n`,
  )

function openssl(...args: readonly string[]): void {
  const done = spawnSync(program('openssl', 'openssl'), args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${done.stderr}`)
}
