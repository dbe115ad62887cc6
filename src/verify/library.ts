/**
 * `capstan/verify`: what an application needs to admit its peers by bundles, without a server. Pure:
 * no I/O, no clock. docs/format-bundle.md says what a bundle proves, and what it does not.
 */
import { ok, refuse, type Result } from '../core/result.js'
import { seconds, unixSeconds } from '../core/time.js'
import type { Decision } from '../namespace/permit/decision.js'
import { HEADER_VALUE, type Route, routeOf } from '../namespace/rule/route.js'
import { parsePolicy } from '../tlog/policy.js'
import { parseVerifierKey } from '../tlog/verifier-key.js'
import { permitBundles } from './permit-bundles.js'
import { type VerifiedAnswer, verifyAnswer as verifyProved } from './verify-answer.js'
import {
  type VerifiedEntry,
  verifyBundle as verifyOctets,
  type VerifyOptions,
} from './verify-bundle.js'

export type { Refusal } from '../core/refusal.js'
export type { Result } from '../core/result.js'
export type { Decision } from '../namespace/permit/decision.js'
export type { Entry } from '../namespace/entry.js'
export type { Recount, VerifiedCommit } from './verified-commit.js'
export type { Question } from './answer.js'
export type { VerifiedAnswer } from './verify-answer.js'
export type { VerifiedEntry } from './verify-bundle.js'
export { type CertificateStanding, standingOfCertificate } from './certificate-identity.js'

/** Whom to believe. */
export interface Trust {
  /** The index that is meant: `capstan status` shows it, 64 hex digits. */
  readonly indexId: string
  /**
   * The verifier key of its log, as `capstan status` shows it: `acme.example/index+5f0a11c2+AW9...` The
   * one that the genesis of the index names where it is left out.
   */
  readonly logKey?: string
  /** C2SP tlog-policy, as text: which witnesses must have signed too. None where it is left out. */
  readonly policy?: string
  readonly now: Date
  /** Seconds: how old the checkpoint may be. However old where it is left out. */
  readonly maxAge?: number
  /**
   * Is it enough that the log says who could decide, where a bundle does not show how that came? Whoever
   * holds the key of the log could then have decided alone. Refused where it is left out.
   */
  readonly trustLog?: boolean
}

/**
 * Verifies a bundle, as `GET /v1/entries/{alias}/bundle` and `capstan bundle export` give it. Bad input
 * of any kind is a refusal with a stable `code`, never an exception.
 */
export function verifyBundle(octets: Uint8Array, trust: Trust): Result<VerifiedEntry> {
  const options = optionsOf(trust)
  return options.ok ? verifyOctets(octets, options.value) : options
}

/**
 * Verifies what `--prove` of the commands `why`, `permit`, `log` and `authority` wrote, and reckons the
 * answer from it. The question is the file's own: compare it with what you meant to ask.
 */
export function verifyAnswer(octets: Uint8Array, trust: Trust): Result<VerifiedAnswer> {
  const options = optionsOf(trust)
  return options.ok ? verifyProved(octets, options.value) : options
}

function optionsOf(trust: Trust): Result<VerifyOptions> {
  const wrong = wrongOption(trust)
  if (wrong !== undefined)
    return notWhatItMustBe(wrong, 'a Trust: whole seconds, a valid Date, texts')
  const key = trust.logKey === undefined ? undefined : parseVerifierKey(trust.logKey)
  if (key?.ok === false) return key
  const policy = trust.policy === undefined ? undefined : parsePolicy(Buffer.from(trust.policy))
  if (policy?.ok === false) return policy
  return ok({
    indexId: trust.indexId,
    ...(key && { logKey: key.value }),
    now: secondsOf(trust.now),
    ...(policy && { policy: policy.value }),
    ...(trust.maxAge !== undefined && { maxAge: seconds(trust.maxAge) }),
    ...(trust.trustLog !== undefined && { trustLog: trust.trustLog }),
  })
}

const notWhatItMustBe = (name: string, wanted: string) =>
  refuse('request.malformed', `${name} is not what it must be`, { wanted })

/** The name of an option that JavaScript let through and that is of another type or range. */
function wrongOption(trust: Trust): string | undefined {
  const { indexId, logKey, policy, now, maxAge, trustLog } = trust
  // A sum with any time that a record has is a whole number too.
  const isAge = (value: unknown) => isWhole(value) && Number(value) <= 2 ** 52
  return firstWrong({
    indexId: isText(indexId),
    logKey: logKey === undefined || isText(logKey),
    policy: policy === undefined || isText(policy),
    now: isDate(now),
    maxAge: maxAge === undefined || isAge(maxAge),
    trustLog: trustLog === undefined || typeof trustLog === 'boolean',
  })
}

/** The same of a call. */
function wrongPart({ port, method, path, headers, now }: Call): string | undefined {
  return firstWrong({
    port: isWhole(port),
    method: method === undefined || isText(method),
    path: path === undefined || isText(path),
    headers:
      headers === undefined || (typeof headers === 'object' && (headers as unknown) !== null),
    now: isDate(now),
  })
}

const firstWrong = (isRight: Readonly<Record<string, boolean>>) =>
  Object.entries(isRight).find(([, right]) => !right)?.[0]

const isText = (value: unknown) => typeof value === 'string'
const isWhole = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0
const isDate = (value: unknown) =>
  value instanceof Date && isWhole(Math.floor(value.getTime() / 1000))

/** One call, as the callee's server gets it. */
export interface Call {
  /** Of the callee. */
  readonly port: number
  /** With `path`: the request. Without both, only rules that have no routes allow anything. */
  readonly method?: string
  /** What follows `?` is cut off. */
  readonly path?: string
  /** As Node gives them: `request.headers`. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly now: Date
}

/**
 * May the caller make this call? By the rules, envelopes and guards that the two bundles prove: the
 * same decision as the server's. A refusal means that there is no answer: deny. A path that is not in
 * normal form is refused too, and so is what is of another type.
 */
export function permit(caller: VerifiedEntry, callee: VerifiedEntry, call: Call): Result<Decision> {
  const wrong = wrongPart(call)
  if (wrong !== undefined) return notWhatItMustBe(wrong, 'a Call: a number, texts, a valid Date')
  const { port, method, path, headers = {}, now } = call
  const route =
    method === undefined || path === undefined
      ? undefined
      : routeOf(method, withoutQuery(path), namedFields(callee, headers))
  if (route?.ok === false) return route
  return permitBundles(caller, callee, { port, now: secondsOf(now), ...routed(route) })
}

const routed = (route: Result<Route> | undefined): { readonly route?: Route } =>
  route?.ok ? { route: route.value } : {}

const withoutQuery = (path: string): string => path.split('?', 1)[0] ?? path

/**
 * The header fields that rules of the callee name. Others decide nothing; nor does one with a value
 * that no rule can hold, or that is there several times: a rule that wants it does not match.
 */
function namedFields(
  { entry }: VerifiedEntry,
  headers: NonNullable<Call['headers']>,
): readonly (readonly [string, string])[] {
  const named = new Set(
    entry.rules.flatMap(({ routes = [] }) =>
      routes.flatMap((match) => (match.headers ?? []).map(({ name }) => name)),
    ),
  )
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && named.has(name.toLowerCase()) && HEADER_VALUE.test(value)
      ? [[name, value] as const]
      : [],
  )
}

const secondsOf = (date: Date) => unixSeconds(Math.floor(date.getTime() / 1000))
