import type { ServerResponse } from 'node:http'
import { json, type Seen } from '../support/fake-kube-api.js'

export const AUDIENCE = 'identity.l5d.io'

export type Answer = (seen: Seen, response: ServerResponse) => void

/** Authenticates every token as what it says it is; `changed` replaces members of the status. */
export function review(changed: object = {}): Answer {
  return (seen, response) => {
    const { spec } = JSON.parse(seen.body) as { spec: { token: string } }
    const payload = Buffer.from(spec.token.split('.')[1] ?? '', 'base64url').toString()
    const { jti, ...token } = JSON.parse(payload) as {
      sub: string
      jti: string
      'kubernetes.io': Record<'pod' | 'node' | 'serviceaccount', { name: string; uid: string }>
    }
    const { pod, node, serviceaccount } = token['kubernetes.io']
    const key = (name: string): string => `authentication.kubernetes.io/${name}`
    const user = {
      username: token.sub,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      extra: {
        [key('pod-name')]: [pod.name],
        [key('pod-uid')]: [pod.uid],
        [key('node-name')]: [node.name],
        [key('credential-id')]: [`JTI=${jti}`],
      },
    }
    const about = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {} }
    const status = { authenticated: true, audiences: [AUDIENCE], user, ...changed }
    json(201, { ...about, status })(seen, response)
  }
}

export const after =
  (ms: number, answer: Answer): Answer =>
  (seen, response) => {
    setTimeout(() => answer(seen, response), ms)
  }

export const page: Answer = (_seen, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
}

export const half: Answer = (_seen, response) => {
  response.writeHead(201, { 'content-type': 'application/json' }).end('{"kind":"TokenReview","st')
}

export const short: Answer = (_seen, response) => {
  response.writeHead(201, { 'content-type': 'application/json', 'content-length': '5000' })
  response.write('{"kind":"TokenReview",', () => response.destroy())
}

export const huge: Answer = (_seen, response) => {
  response.writeHead(201, { 'content-type': 'application/json' })
  response.end(`{"kind":"TokenReview","pad":"${'x'.repeat(5_000_000)}"}`)
}
