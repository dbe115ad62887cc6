import { newSerial } from '../capstan/authority.mjs'
import { accountName, NAMESPACE } from '../capstan/namespace-document.mjs'

const DAY_SECONDS = 86_400
/** Of a leaf with a Linkerd name, a SPIFFE ID and the identity extension. */
const LEAF_OCTETS = 800
const ENTRIES = 10_000
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** A ledger row of the size that Linkerd's proxies leave; `number` chooses whose. */
export function ledgerEntry({ issuer, now, number }) {
  const account = accountName(number % ENTRIES)
  return {
    serial: newSerial(),
    issuerId: issuer.id,
    entry: uid('e', number % ENTRIES),
    alias: `${NAMESPACE}/${account}`,
    rev: 1,
    binding: 'bk7vq2m4x3a2c',
    issuedAt: now,
    notBefore: now - 120,
    notAfter: now + DAY_SECONDS,
    certificate,
    evidence: JSON.stringify({
      checked: 'offline',
      cluster: uid('c', 0),
      credentialId: 'JTI=8a5a0270-fba0-4b98-a267-22925e3d10f9',
      kind: 'k8s',
      namespace: NAMESPACE,
      nodeName: 'node-1',
      podName: `${account}-6d9c7b7f9c-x2x9q`,
      podUid: '09df6376-1a58-4cb6-86db-188c0f0dcd59',
      serviceAccount: account,
      serviceAccountUid: '76ea7f0b-98a3-49bf-8154-51eff1bc507c',
    }),
    parentSerial: null,
    requestId: 'kiju5ydmmm3xfsllohjreym3pq',
    policyDigest: '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
    indexSize: 10_003,
  }
}

/** SQLite does not compress: what is in it does not matter. */
const certificate = new Uint8Array(LEAF_OCTETS).fill(7)

function uid(kind, number) {
  let text = ''
  for (let left = number; text.length < 31; left = Math.floor(left / 26)) text += LETTERS[left % 26]
  return `${kind}${text}`
}
