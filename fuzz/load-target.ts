import { pathToFileURL } from 'node:url'
import type { Target } from './target.js'

/** By name, as on the command line. Each is loaded when it is needed. */
export const targets: Readonly<Record<string, () => Promise<{ readonly target: Target }>>> = {
  pkcs10: () => import('./targets/pkcs10.js'),
  der: () => import('./targets/der.js'),
  jws: () => import('./targets/jws.js'),
  'token-review': () => import('./targets/token-review.js'),
  'at-rest': () => import('./targets/at-rest.js'),
  'canonical-json': () => import('./targets/canonical-json.js'),
  dsse: () => import('./targets/dsse.js'),
  incidents: () => import('./targets/incidents.js'),
  grpc: () => import('./targets/grpc.js'),
  apply: () => import('./targets/apply.js'),
  config: () => import('./targets/config.js'),
  bundle: () => import('./targets/bundle.js'),
  answer: () => import('./targets/answer.js'),
  'token-uri': () => import('./targets/token-uri.js'),
  'voter-file': () => import('./targets/voter-file.js'),
  tlog: () => import('./targets/tlog.js'),
  policy: () => import('./targets/policy.js'),
  'change-request': () => import('./targets/change-request.js'),
  shown: () => import('./targets/shown.js'),
  'issuance-record': () => import('./targets/issuance-record.js'),
  identity: () => import('./targets/identity.js'),
  screen: () => import('./targets/screen.js'),
  http: () => import('./targets/http.js'),
}

/** By name, or by the path of a module of one's own that exports a `target`. */
export async function loadTarget(name: string): Promise<Target> {
  const known = Object.hasOwn(targets, name) ? targets[name] : undefined
  if (known) return (await known()).target
  const own = (await import(pathToFileURL(name).href)) as { readonly target: Target }
  return own.target
}
