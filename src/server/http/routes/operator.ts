import { parseAlias } from '../../../core/alias.js'
import { ok, refuse, type Result } from '../../../core/result.js'
import { parseSerial } from '../../../core/serial.js'
import { seconds } from '../../../core/time.js'
import type { RevokeTarget } from '../../operations.js'
import {
  aliasParameter,
  identifierParameter,
  proposalParameter,
  scopeParameter,
} from '../parameters.js'
import { json } from '../reply.js'
import { answered, jsonAnswer, listed, type Route, route } from '../route.js'
import {
  applyBody,
  askedApply,
  auditBody,
  brakeBody,
  cancellationBody,
  changeBody,
  checkpointBody,
} from '../schema/change-bodies.js'
import { revocationBody, tokenBody } from '../schema/issue-bodies.js'

/** What changes something. Over the local socket only. */
export const operatorRoutes: readonly Route[] = [
  route('POST /v1/changes', 'operator', 'change', {
    summary: 'One change of the index, proposed, and committed where nobody else decides',
    body: changeBody,
    answers: [
      jsonAnswer(201, 'Change', 'Committed and in force'),
      jsonAnswer(202, 'Proposal', 'Waits for the votes of its scope'),
    ],
    use: async (operations, { body, context }) => {
      const made = await operations.change(body, context)
      if (!made.ok) return made
      return ok('change' in made.value ? json(201, made.value.change) : json(202, made.value.waits))
    },
  }),
  route('POST /v1/proposals/{id}/withdrawal', 'operator', 'withdrawProposal', {
    summary: 'Takes back what this installation proposed',
    path: { id: proposalParameter },
    answers: [jsonAnswer(200, 'Submission', 'In the log; nobody votes about it any more')],
    use: (operations, { path, context }) =>
      answered(200, operations.withdrawProposal(path.id, context)),
  }),
  route('POST /v1/brakes', 'operator', 'brake', {
    summary: "Suspends something at once, for a while, by this installation's own voter",
    body: brakeBody,
    answers: [jsonAnswer(201, 'Brake', 'In effect; ends by itself')],
    use: (operations, { body, context }) => answered(201, operations.brake(body, context)),
  }),
  route('POST /v1/scopes/{alias}/recovery/cancel', 'operator', 'cancelRecovery', {
    summary: "Stops the recovery of the scope, by this installation's own voter",
    path: { alias: scopeParameter },
    body: cancellationBody,
    answers: [jsonAnswer(200, 'Recovery', 'Nobody finishes it any more')],
    use: (operations, { path, body, context }) =>
      answered(200, operations.cancelRecovery(path.alias, body, context)),
  }),
  route('POST /v1/scopes/{alias}/recovery/finish', 'operator', 'finishRecovery', {
    summary: 'Gives the scope the voters that its recovery names, once its time has come',
    path: { alias: scopeParameter },
    answers: [jsonAnswer(200, 'Recovery', 'The scope has its new voters')],
    use: (operations, { path, context }) =>
      answered(200, operations.finishRecovery(path.alias, context)),
  }),
  route('POST /v1/apply', 'operator', 'apply', {
    summary: 'Make the index look like a document, all or nothing',
    body: applyBody,
    size: 'large',
    patience: 'long',
    answers: [jsonAnswer(200, 'Applied', 'The difference, and what was committed of it')],
    use: (operations, { body, context }) =>
      answered(200, operations.apply(askedApply(body), context)),
  }),
  route('POST /v1/tokens', 'operator', 'createToken', {
    summary: 'A join token, good for one certificate of one entry',
    body: tokenBody,
    answers: [jsonAnswer(201, 'NewToken', 'Shown this once')],
    use: async (operations, { body, context }) => {
      const alias = parseAlias(body.alias)
      if (!alias.ok) return alias
      return answered(201, operations.createToken(alias.value, seconds(body.ttlSeconds), context))
    },
  }),
  route('GET /v1/tokens', 'operator', 'listTokens', {
    summary: 'Join tokens, without their secrets',
    answers: [jsonAnswer(200, 'Tokens', 'Newest first')],
    use: (operations) => listed('tokens', operations.tokens()),
  }),
  route('DELETE /v1/tokens/{id}', 'operator', 'withdrawToken', {
    summary: 'Withdraws an unused join token',
    path: { id: identifierParameter('the id of a token', /^[a-z2-7]{16}$/, 'abcdefghijklmnop') },
    answers: [{ status: 204, description: 'It is gone', content: {} }],
    use: async (operations, { path, context }) => {
      const withdrawn = await operations.withdrawToken(path.id, context)
      return withdrawn.ok ? ok({ status: 204, type: '', body: '' }) : withdrawn
    },
  }),
  route('POST /v1/revocations', 'operator', 'revoke', {
    summary: 'Revokes one certificate, or every live one of an entry',
    body: revocationBody,
    answers: [jsonAnswer(200, 'Revoked', 'What is revoked by this')],
    use: async (operations, { body, context }) => {
      const target = parseTarget(body)
      if (!target.ok) return target
      return answered(200, operations.revoke(target.value, body.reason ?? 'unspecified', context))
    },
  }),
  route('POST /v1/clusters/{alias}/check', 'operator', 'checkCluster', {
    summary: 'Can tokens of this cluster be checked, and if not, what is missing?',
    path: { alias: aliasParameter },
    answers: [jsonAnswer(200, 'ClusterCheck', 'Check by check')],
    use: (operations, { path, context }) =>
      answered(200, operations.checkCluster(path.alias, context)),
  }),
  route('POST /v1/verify', 'operator', 'verify', {
    summary: 'Reads the whole index log again, and verifies every record of it',
    patience: 'long',
    answers: [jsonAnswer(200, 'Verified', 'Every record holds')],
    use: (operations) => answered(200, operations.verify()),
  }),
  route('POST /v1/verify/from', 'operator', 'verifyFrom', {
    summary: 'The same, and that the log goes on from an older checkpoint of it',
    body: checkpointBody,
    patience: 'long',
    answers: [jsonAnswer(200, 'Verified', 'Every record holds, those of the checkpoint first')],
    use: (operations, { body }) => answered(200, operations.verify(body.checkpoint)),
  }),
  route('POST /v1/logs/issuance/verify', 'operator', 'verifyIssuance', {
    summary: 'Compares every certificate of the ledger with its leaf in the issuance log',
    patience: 'long',
    answers: [jsonAnswer(200, 'VerifiedIssuance', 'The log is of the ledger')],
    use: (operations) => answered(200, operations.verifyIssuance()),
  }),
  route('POST /v1/logs/issuance/verify/from', 'operator', 'verifyIssuanceFrom', {
    summary: 'The same, and that the log goes on from an older checkpoint of it',
    body: checkpointBody,
    patience: 'long',
    answers: [jsonAnswer(200, 'VerifiedIssuance', 'The log is of the ledger')],
    use: (operations, { body }) => answered(200, operations.verifyIssuance(body.checkpoint)),
  }),
  route('POST /v1/audit', 'operator', 'audit', {
    summary: 'Is the log honest? Both logs, what was signed of them, and every certificate',
    body: auditBody,
    patience: 'long',
    answers: [jsonAnswer(200, 'Audit', 'Check by check; what was found is in it')],
    use: (operations, { body }) => answered(200, operations.audit(body)),
  }),
  route('GET /v1/progress', 'operator', 'progress', {
    summary: 'How far a document or a verification is that takes long',
    answers: [jsonAnswer(200, 'Progress', 'As of now')],
    use: (operations) => Promise.resolve(ok(json(200, operations.progress()))),
  }),
]

/** The schema has seen to it that there is one of them. */
function parseTarget(body: {
  readonly serial?: string
  readonly entry?: string
}): Result<RevokeTarget> {
  if (body.entry !== undefined) {
    const alias = parseAlias(body.entry)
    return alias.ok ? ok({ kind: 'entry', alias: alias.value }) : alias
  }
  const serial = parseSerial(body.serial ?? '')
  if (serial !== undefined) return ok({ kind: 'serial', serial })
  return refuse('request.malformed', 'not a serial number', { wanted: '32 hex digits' })
}
