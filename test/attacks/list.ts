import { answerAttacks } from './answers.js'
import type { Attack, NotYet } from './attack.js'
import { brakeAttacks } from './brakes.js'
import { certificateAttacks } from './certificates.js'
import { elsewhereAttacks } from './elsewhere.js'
import { emergencyAttacks } from './emergency.js'
import { evidenceAttacks } from './evidence.js'
import { governanceAttacks } from './governance.js'
import { lineageAttacks } from './lineage.js'
import { loadAttacks } from './load.js'
import { mirrorAttacks } from './mirrors.js'
import { monitorAttacks } from './monitor.js'
import { saidNameAttacks } from './names-said.js'
import { nameAttacks } from './names.js'
import { proposingAttacks } from './proposing.js'
import { recoveryAttacks } from './recovery.js'
import { serverAttacks } from './server.js'
import { statementAttacks } from './statements.js'
import { tokenAttacks } from './tokens.js'
import { voterKeyAttacks } from './voter-keys.js'
import { witnessAttacks } from './witnesses.js'

/** docs/attacks.md prints this list in this order. */
export const attacks: readonly { readonly title: string; readonly attacks: readonly Attack[] }[] = [
  { title: 'Evidence', attacks: evidenceAttacks },
  { title: 'Service account tokens', attacks: tokenAttacks },
  { title: 'Certificates and CSRs', attacks: certificateAttacks },
  { title: 'Endpoints, outgoing requests and the index log', attacks: serverAttacks },
  { title: 'Others turned away', attacks: loadAttacks },
  {
    title: 'Voters, by the numbers that tests give them',
    attacks: [
      ...governanceAttacks,
      ...statementAttacks,
      ...brakeAttacks,
      ...recoveryAttacks,
      ...emergencyAttacks,
      ...voterKeyAttacks,
      ...proposingAttacks,
      ...elsewhereAttacks,
      ...saidNameAttacks,
    ],
  },
  {
    title: 'Scopes, names and who writes the log, by the numbers that tests give them',
    attacks: nameAttacks,
  },
  {
    title: 'Logs, witnesses, monitors and mirrors, by the numbers that tests give them',
    attacks: [
      ...[...witnessAttacks, ...answerAttacks, ...lineageAttacks],
      ...[...monitorAttacks, ...mirrorAttacks],
    ],
  },
]

export const notYet: readonly NotYet[] = [
  {
    id: 'CVE-2022-0317, GHSA-9r4w',
    where: 'go-attestation',
    what: 'a quote over no PCRs; injected event logs',
    missing: 'attestation by TPM',
  },
  {
    id: 'Keylime 2021',
    where: 'Keylime',
    what: 'two representations of one key, believed each for itself',
    missing: 'attestation by TPM',
  },
  {
    id: 'CVE-2025-62375',
    where: 'go-witness',
    what: 'instance documents signed for another region or account',
    missing: 'attestation by cloud instance documents',
  },
  {
    id: 'SPIRE 1.14.2, http_challenge',
    where: 'SPIRE',
    what: 'the server fetched what an agent named',
    missing: 'attestors that fetch anything',
  },
  {
    id: 'CVE-2026-22772',
    where: 'fulcio',
    what: 'issuers matched by pattern in discovery',
    missing: 'OIDC issuers other than clusters',
  },
  {
    id: 'CVE-2025-49825',
    where: 'Teleport',
    what: 'an SSH certificate nested in another',
    missing: 'SSH certificates',
  },
]
