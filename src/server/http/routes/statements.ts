import { answered, jsonAnswer, type Route, route } from '../route.js'
import {
  askedDraft,
  draftBody,
  invocationBody,
  signedBrakeBody,
  signedRecoveryBody,
  statementsBody,
} from '../schema/change-bodies.js'

/**
 * What voters do, wherever they are. Each of these takes what somebody signed, and decides by those
 * signatures alone; the entry that brings it is asked for to keep strangers out. The first prepares what
 * is to be signed: it keeps nothing and decides nothing.
 */
export const statementRoutes: readonly Route[] = [
  route('POST /v1/proposals/drafts', 'submitter', 'draftProposals', {
    summary: 'What somebody wants to propose, for them to check and to sign',
    body: draftBody,
    size: 'large',
    patience: 'long',
    answers: [jsonAnswer(200, 'Drafts', 'Not signed, with all that they were made of')],
    use: (operations, { body, context }) =>
      answered(200, operations.draftProposals(askedDraft(body), context)),
  }),
  route('POST /v1/statements', 'submitter', 'submit', {
    summary: 'A signed proposal, vote or withdrawal, or two votes as evidence against their voter',
    body: statementsBody,
    answers: [jsonAnswer(200, 'Submission', 'In the log, with what it led to')],
    use: (operations, { body, context }) =>
      answered(200, operations.submit(body.envelopes, context)),
  }),
  route('POST /v1/brakes/signed', 'submitter', 'signedBrake', {
    summary: 'Suspends something at once, for a while, by as many voters as that takes',
    body: signedBrakeBody,
    size: 'large',
    answers: [jsonAnswer(201, 'Brake', 'In effect; ends by itself')],
    use: (operations, { body, context }) =>
      answered(201, operations.signedBrake(body.envelopes, context)),
  }),
  route('POST /v1/emergencies', 'submitter', 'invokeEmergency', {
    summary: 'Uses an emergency grant, or drills one, by what those signed whom it names',
    body: invocationBody,
    size: 'large',
    answers: [jsonAnswer(201, 'Invoked', 'In effect; ends by itself. A drill has no effect')],
    use: (operations, { body, context }) =>
      answered(201, operations.invokeEmergency(body.envelopes, context)),
  }),
  route('POST /v1/recoveries', 'submitter', 'signedRecovery', {
    summary: 'Starts a recovery by what the set of a scope signed, or stops one by what voters did',
    body: signedRecoveryBody,
    size: 'large',
    answers: [jsonAnswer(201, 'Recovery', 'Takes effect after its delay, if nobody stops it')],
    use: (operations, { body, context }) =>
      answered(201, operations.signedRecovery(body.envelopes, context)),
  }),
]
