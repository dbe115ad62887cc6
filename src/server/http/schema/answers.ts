import { refusalReasons } from '../../../core/refusal.js'
import { auditSchemas } from './audit-answers.js'
import { brakeSchemas } from './brake-answers.js'
import { draftSchemas } from './draft-answers.js'
import { emergencySchemas } from './emergency-answers.js'
import { recoveryMark, recoverySchemas } from './recovery-answers.js'
import { issuanceSchemas, issuanceStatus } from './issuance-answers.js'
import { permitSchemas } from './permit-answers.js'
import { questionSchemas } from './question-answers.js'
import { cosigning } from './cosigning.js'
import { count, serial } from './scalars.js'
import {
  anyObject,
  boolean,
  integer,
  list,
  names,
  orNull,
  reference,
  shape,
  string,
  time,
} from './shape.js'
import type { JsonSchema } from './json-schema.js'

const anchor = { id: string, subject: string, notAfter: time, sha256: string }
const governed = { uid: string, alias: string, state: string, rev: count, head: string }
const envelopes = { envelope: anyObject, effectiveEnvelope: anyObject }
const certificate = {
  serial,
  alias: string,
  uid: orNull(string),
  issuer: string,
  notBefore: time,
  notAfter: time,
  issuedAt: time,
  live: boolean,
  evidence: anyObject,
  requestId: string,
  sha256: string,
}
const certificateExtras = {
  revocation: shape({ at: time, reason: string }),
  parentSerial: serial,
}
const check = { name: string, ok: boolean, detail: string }

const missing = shape({ weight: count, people: count, other: boolean })

/** Every JSON answer by the name it has in the OpenAPI document. */
export const answerSchemas = {
  Live: shape({ live: { const: true } }),
  Readiness: shape({ ready: boolean, checks: list(shape(check)) }),
  TrustBundle: shape({
    trustDomain: string,
    sequence: count,
    trustAnchors: list(shape({ ...anchor, pem: string })),
  }),
  SpiffeBundle: shape({
    spiffe_sequence: count,
    spiffe_refresh_hint: count,
    keys: list({ ...anyObject, required: ['kty', 'use', 'x5c'] }),
  }),
  OpenApi: anyObject,
  Challenge: shape({ id: string, nonce: string, expiresAt: time }),
  Issued: shape({
    serial,
    alias: string,
    uid: string,
    names: list(string),
    notBefore: time,
    notAfter: time,
    issuer: string,
    certificate: string,
    chain: list(string),
    requestId: string,
  }),
  Status: shape({
    index: shape({
      id: string,
      trustDomain: string,
      solo: boolean,
      size: count,
      head: string,
      logKey: string,
    }),
    issuance: issuanceStatus,
    issuer: orNull(shape({ id: string, subject: string, notBefore: time, notAfter: time })),
    trustAnchors: list(shape(anchor)),
    entries: count,
    liveCertificates: count,
    cosigning: list(cosigning),
    recoveries: list(shape({ scope: string, ...recoveryMark }, { finished: time })),
    incidents: shape({ brakes: count, grants: count, toRatify: count }),
    server: shape({
      version: string,
      pid: integer,
      listeners: list(shape({ name: string, address: string })),
    }),
  }),
  Entry: shape(
    {
      ...governed,
      ...envelopes,
      owner: shape({ controller: string }, { contact: string }),
      bindings: list({ ...anyObject, required: ['id', 'kind'] }),
      names: list(string),
      labels: { type: 'object', additionalProperties: string },
      createdAt: time,
    },
    {
      validUntil: time,
      drainUntil: time,
      brake: shape({ until: time }),
      emergency: shape({ grant: string, until: time }),
    },
  ),
  Entries: shape({ entries: list(reference('Entry')) }, { next: string }),
  Scope: shape(
    {
      ...governed,
      ...envelopes,
      group: orNull(anyObject),
      decidedBy: string,
      createdAt: time,
    },
    { brake: shape({ until: time }), recovery: shape(recoveryMark) },
  ),
  Scopes: shape({ scopes: list(reference('Scope')) }),
  EntryRules: shape({
    uid: string,
    alias: string,
    rev: count,
    rules: list({ ...anyObject, required: ['id', 'effect', 'callers', 'ports', 'proto', 'rev'] }),
    splits: list({ ...anyObject, required: ['port', 'backendRefs'] }),
  }),
  Guards: shape({
    guards: list(shape({ scope: string, guard: { ...anyObject, required: ['id', 'effect'] } })),
  }),
  Cluster: shape(
    {
      uid: string,
      alias: string,
      rev: count,
      head: string,
      identityTrustDomain: string,
      controlPlaneNamespace: string,
      issuer: string,
      audience: string,
      validation: string,
      createdAt: time,
    },
    { tokenReview: anyObject, jwks: anyObject },
  ),
  Clusters: shape({ clusters: list(reference('Cluster')) }),
  History: shape({ history: list(reference('HistoryItem')) }),
  Certificate: shape(certificate, certificateExtras),
  Certificates: shape({ certificates: list(reference('Certificate')) }),
  CertificateWithPem: shape({ ...certificate, pem: string }, certificateExtras),
  Inspection: shape(
    {
      names: list(string),
      serial: string,
      issuedByUs: boolean,
      inLedger: boolean,
      matchesLedger: boolean,
      revoked: boolean,
      entry: orNull(shape({ uid: string, alias: string, stateNow: string })),
      evidence: orNull(anyObject),
      binding: orNull(string),
      live: boolean,
      verdict: string,
    },
    { identity: anyObject },
  ),
  Change: shape(
    {
      op: string,
      alias: string,
      uid: string,
      rev: count,
      proposal: string,
      seq: count,
      at: time,
      class: string,
    },
    { warnings: list(reference('Warning')) },
  ),
  Proposal: shape(
    {
      id: string,
      digest: string,
      standing: {
        enum: [
          'open',
          'scheduled',
          'due',
          'committed',
          'rejected',
          'withdrawn',
          'vetoed',
          'stale',
          'expired',
        ],
      },
      record: count,
      proposal: orNull(anyObject),
      open: orNull(
        shape(
          {
            class: string,
            opened: time,
            head: string,
            scope: string,
            votes: list(anyObject),
            sides: orNull(anyObject),
            awaits: list(string),
            deadline: time,
            voters: list(
              shape({ id: string, side: { enum: ['present', 'second'] }, weight: count }),
            ),
            missing: orNull(shape({ present: missing }, { second: missing })),
          },
          { due: time },
        ),
      ),
      closed: orNull(shape({ at: time, record: count })),
    },
    {
      impact: reference('Impact'),
      impactDigest: string,
      names,
      warnings: list(reference('Warning')),
    },
  ),
  Proposals: shape({ proposals: list(reference('Proposal')) }),
  Submission: shape({
    proposal: reference('Proposal'),
    changes: list(reference('Change')),
    suspended: orNull(string),
  }),
  PlannedChange: shape({
    request: anyObject,
    kind: { enum: ['add', 'change', 'remove'] },
    subject: string,
    lines: list(string),
  }),
  Applied: shape(
    {
      changes: list(reference('PlannedChange')),
      applied: orNull(list(reference('Change'))),
      proposed: orNull(list(reference('Proposal'))),
    },
    { warnings: list(reference('Warning')) },
  ),
  NewToken: shape({
    id: string,
    token: string,
    alias: string,
    expiresAt: time,
    caFingerprint: string,
  }),
  Token: shape({
    id: string,
    alias: string,
    createdAt: time,
    expiresAt: time,
    usedAt: orNull(time),
  }),
  Tokens: shape({ tokens: list(reference('Token')) }),
  Revoked: shape({ revoked: count, serials: list(serial) }),
  ClusterCheck: shape({ ok: boolean, checks: list(shape(check, { next: string })) }),
  Progress: shape({ progress: orNull(shape({ work: string, done: count }, { total: count })) }),
  Verified: shape({ records: count, head: string, root: string, ok: { const: true } }),
  ...auditSchemas,
  ...brakeSchemas,
  ...draftSchemas,
  ...recoverySchemas,
  ...emergencySchemas,
  ...issuanceSchemas,
  ...permitSchemas,
  ...questionSchemas,
  Problem: shape(
    {
      type: { type: 'string', pattern: '^urn:capstan:' },
      title: string,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: string,
      detail: string,
      requestId: string,
    },
    { reason: { enum: refusalReasons }, wanted: string, found: string, next: string },
  ),
} as const satisfies Record<string, JsonSchema>

export type AnswerName = keyof typeof answerSchemas
