import type { ApiException } from '@kubernetes/client-node'
import { DependencyError } from '../core/dependency-error.js'
import type { TokenReviewApi, TokenReviewStatus } from '../tokenreview/ports.js'
import { isObject, member } from '../tokenreview/strict-json.js'
import { type BoundedAnswer, reasonOf } from './bounded-request.js'
import type { KubeConnection } from './kube-connection.js'

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews'

/** TokenReview by a cluster's own API server (`authentication.k8s.io/v1`). */
export function kubeTokenReviewApi(connection: KubeConnection): TokenReviewApi {
  return {
    async review(token, audience, signal) {
      const body = JSON.stringify({
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: [audience] },
      })
      let answer: BoundedAnswer
      try {
        answer = await connection.post(PATH, body, signal)
      } catch (error) {
        throw new DependencyError(connection.name, reasonOf(error))
      }
      if (!isDone(answer.status)) {
        throw new DependencyError(connection.name, explainStatus(answer.status))
      }
      const status = readTokenReview(answer.text)
      if (!status) throw new DependencyError(connection.name, 'its answer is no TokenReview')
      return status
    },
  }
}

/** 201 of an API server; a proxy may make it another one that says that it was done. */
const isDone = (status: number): boolean => status >= 200 && status < 300

/** Never the exception's own text, nor the exception as a cause: it quotes the server's answer. */
export function explainFailure(connection: KubeConnection, error: unknown): string {
  if (!(error instanceof connection.library.ApiException)) return reasonOf(error)
  return explainStatus((error as ApiException<unknown>).code)
}

function explainStatus(code: number): string {
  switch (code) {
    case 401:
      return 'it does not know our credentials (401)'
    case 403:
      return 'it does not allow us this request (403)'
    case 429:
      return 'it asks for fewer requests (429)'
    default:
      return `it answered ${code}`
  }
}

/** Undefined for what is no TokenReview, wherever it is not. */
export function readTokenReview(text: string): TokenReviewStatus | undefined {
  const review = parsed(text)
  if (!isObject(review) || member(review, 'kind') !== 'TokenReview') return undefined
  const { authenticated, audiences, error, user } = plain(member(review, 'status'))
  if (!isOptional(authenticated, isBoolean) || !isOptional(error, isString)) return undefined
  if (!isOptional(audiences, isStrings)) return undefined
  const { username, uid, groups, extra } = plain(user)
  if (!isOptional(username, isString) || !isOptional(uid, isString)) return undefined
  if (!isOptional(groups, isStrings) || !isOptional(extra, isExtra)) return undefined
  return {
    ...(authenticated === undefined ? {} : { authenticated }),
    ...(audiences === undefined ? {} : { audiences }),
    ...(error === undefined ? {} : { error }),
    user: {
      ...(username === undefined ? {} : { username }),
      ...(uid === undefined ? {} : { uid }),
      ...(groups === undefined ? {} : { groups }),
      ...(extra === undefined ? {} : { extra }),
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const plain = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {})

const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
const isString = (value: unknown): value is string => typeof value === 'string'
const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isString)
const isExtra = (value: unknown): value is Readonly<Record<string, readonly string[]>> =>
  isObject(value) && Object.values(value).every(isStrings)

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value)
}
