import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { planLeaf } from '../../src/ca/plan-leaf.js'
import { parseCanonical } from '../../src/core/canonical-json.js'
import * as write from '../../src/core/der-writer.js'
import { IDENTITY_OID } from '../../src/core/identity-extension.js'
import { hours } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import {
  type CertificateStanding,
  standingOfCertificate,
} from '../../src/verify/certificate-identity.js'
import { givenHierarchy, newSpki, nextSerial } from '../../test/ca/given-authorities.js'
import { T0 } from '../../test/support/fake-clock.js'
import { mutateDer } from '../mutate/der.js'
import { readNodes, writeNodes } from '../oracle/der-nodes.js'
import { hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

const mine = {
  index: 'a'.repeat(64),
  entry: { uid: `e${'a'.repeat(31)}` as Uid },
  policyDigest: 'b'.repeat(64),
}

/** Two read the extension, each in its own way: the monitor and the CA, and whoever has a bundle. */
function run(input: Uint8Array): string {
  const standing = standingOfCertificate(mine as never, input)
  const facts = certificateFacts(input)
  if (!facts.ok) return `${standing}, no certificate`
  const { identity } = facts.value
  hold(standing === standingOf(identity), 'both readers find the same identity')
  return `${standing}, certificate ${identity === undefined ? 'without' : 'with'}`
}

/** What the text of the extension says, in the few words that there are for it. */
function standingOf(text: string | undefined): CertificateStanding {
  const read = text === undefined ? undefined : parseCanonical(Buffer.from(text))
  if (!read?.ok || typeof read.value !== 'object' || read.value === null) return 'no-identity'
  if (Array.isArray(read.value)) return 'no-identity'
  const { index, uid, policyDigest } = read.value as Readonly<Record<string, unknown>>
  if (index !== mine.index || uid !== mine.entry.uid) return 'other-entry'
  return policyDigest === mine.policyDigest ? 'same-policy' : 'other-policy'
}

const identities = [
  { index: mine.index, policyDigest: mine.policyDigest, uid: mine.entry.uid, v: 1 },
  { index: mine.index, policyDigest: 'c'.repeat(64), uid: mine.entry.uid, v: 1 },
  { index: mine.index, policyDigest: mine.policyDigest, uid: `e${'b'.repeat(31)}`, v: 1 },
  [],
].map((identity) => JSON.stringify(identity))

async function seeds(): Promise<readonly Uint8Array[]> {
  const { issuer } = await givenHierarchy()
  const leaves = await Promise.all(
    [...identities, undefined].map((identity) =>
      issuer.signLeaf(
        planLeaf({
          serial: nextSerial(),
          spki: newSpki('P-256'),
          names: [{ kind: 'dns', value: 'api.entry.identity.acme.example' }] as never,
          usages: ['serverAuth', 'clientAuth'],
          maxTtl: hours(24),
          issuer,
          now: T0,
          ...(identity !== undefined && { identity }),
        } as never),
      ),
    ),
  )
  return [...leaves, ...bare(), ...leaves.slice(0, 1).flatMap(twice)]
}

/** The least that is read: no certificate, but its extensions. */
function bare(): readonly Uint8Array[] {
  return identities.map((text) => {
    const octets = write.octetString(write.utf8String(text))
    const extension = write.sequence(write.oid(IDENTITY_OID), octets)
    const explicit = write.tlv(0xa3, write.sequence(extension))
    return write.sequence(write.sequence(write.integer(2), explicit))
  })
}

/** With its last extension there two times. */
function twice(leaf: Uint8Array): readonly Uint8Array[] {
  const nodes = readNodes(leaf, 'closed')
  const [, , , , , , , explicit] = nodes?.[0]?.children?.[0]?.children ?? []
  const extensions = explicit?.children?.[0]
  if (!nodes || !extensions?.children) return []
  extensions.children.push(...extensions.children.slice(0, 1))
  return [writeNodes(nodes)]
}

export const target: Target = { seeds, mutators: [mutateDer], run }
