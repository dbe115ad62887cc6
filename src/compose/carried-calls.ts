import type { Result } from '../core/result.js'
import type { AuditDetail } from '../server/audit.js'
import type { AskedDraft, CallContext, JsonBody, Operations } from '../server/operations.js'

/** What a worker takes in and the main process does: it alone has the index to change. */
type Carried = Pick<
  Operations,
  'submit' | 'signedBrake' | 'invokeEmergency' | 'signedRecovery' | 'draftProposals'
>

/** One call of them, as it goes from the worker to the main process. */
export interface CarriedCall extends Pick<CallContext, 'requestId' | 'remote'> {
  readonly operation: keyof Carried
  /** What the operation takes, as JSON: it came as such. */
  readonly json: string
}

export interface CarriedAnswer {
  readonly result: Result<object>
  /** For the audit line, which the worker writes. */
  readonly about: AuditDetail
}

type Carry = (call: CarriedCall) => Promise<CarriedAnswer>

/** In a worker: everything of these is carried to the main process. */
export function carriedOperations(carry: Carry): Carried {
  const carried =
    <T>(operation: keyof Carried) =>
    (asked: readonly JsonBody[] | AskedDraft, { requestId, remote, about }: CallContext) =>
      answered<T>(carry({ operation, json: JSON.stringify(asked), requestId, remote }), about)
  return {
    submit: carried('submit'),
    signedBrake: carried('signedBrake'),
    invokeEmergency: carried('invokeEmergency'),
    signedRecovery: carried('signedRecovery'),
    draftProposals: carried('draftProposals'),
  }
}

/** What the main process answers has the shape of its own operation. */
async function answered<T>(
  carried: Promise<CarriedAnswer>,
  tell: CallContext['about'],
): Promise<Result<T>> {
  const { result, about } = await carried
  tell(about)
  return result as Result<T>
}

/** In the main process: a worker may have no other operation done than these. */
export function carriedCallsWith(operations: Carried): Carry {
  return async (call) => {
    let told: AuditDetail = {}
    const context: CallContext = {
      requestId: call.requestId,
      remote: call.remote,
      // Begun is done: nobody takes a statement half in.
      signal: new AbortController().signal,
      about: (detail) => {
        told = { ...told, ...detail }
      },
    }
    const result = await resultOf(operations, call, context)
    return { result, about: told }
  }
}

function resultOf(
  operations: Carried,
  call: CarriedCall,
  context: CallContext,
): Promise<Result<object>> {
  const asked: unknown = JSON.parse(call.json)
  switch (call.operation) {
    case 'submit':
    case 'signedBrake':
    case 'invokeEmergency':
    case 'signedRecovery':
      return operations[call.operation](asked as readonly JsonBody[], context)
    case 'draftProposals':
      return operations.draftProposals(asked as AskedDraft, context)
    default:
      call.operation satisfies never
      throw new TypeError('a worker may not ask for this')
  }
}
