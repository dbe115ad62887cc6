import { parseSerial } from '../../src/core/serial.js'
import { csrFromText } from '../../src/csr/csr-from-text.js'
import { parseChangeRequest } from '../../src/namespace/change-request.js'
import { requestSchemas } from '../../src/namespace/schema.js'
import { canonicalState } from '../../src/namespace/state.js'
import { applyBody, changeBody } from '../../src/server/http/schema/change-bodies.js'
import {
  inspectBody,
  issueBody,
  renewBody,
  revocationBody,
  tokenBody,
} from '../../src/server/http/schema/issue-bodies.js'
import { parseStrictJson } from '../../src/server/http/strict-json.js'
import { ownIndex, possibleChanges, smallIndex } from '../given/small-index.js'
import { jsonBySchema } from '../mutate/by-schema.js'
import type { Schema } from '../mutate/generate.js'
import { mutateJson } from '../mutate/json.js'
import { endingOf, hold } from '../oracle/hold.js'
import { checkIndex } from '../oracle/index-state.js'
import type { Target } from '../target.js'

const before = canonicalState(smallIndex.state)
const bodies = { applyBody, issueBody, renewBody, inspectBody, tokenBody, revocationBody }

/** The body of a request, for every route that takes one. */
function run(input: Uint8Array): string {
  const json = parseStrictJson(input)
  if (!json.ok) return endingOf(json.refusal)
  const { value } = json
  const endings = Object.entries(bodies).map(([name, body]) => {
    const parsed = body.parse(value)
    return parsed.ok ? name : endingOf(parsed.refusal)
  })
  checkMeaning(value)
  const change = parseChangeRequest(value)
  const read = change.ok ? change.value.op : endingOf(change.refusal)
  return `${read} ${endings.join(' ')}`.slice(0, 300)
}

/** What a body that fits its schema says is then read by what knows it. */
function checkMeaning(value: unknown): void {
  const issue = issueBody.parse(value)
  if (issue.ok) {
    const csr = csrFromText(issue.value.csr)
    if (!csr.ok) endingOf(csr.refusal)
  }
  const revocation = revocationBody.parse(value)
  if (!revocation.ok) return
  const { serial, entry } = revocation.value
  hold((serial === undefined) !== (entry === undefined), 'one thing is revoked')
  if (serial !== undefined)
    hold(parseSerial(serial) !== undefined, 'a serial number that fits is one')
}

/** Makes the change, if it is one. */
async function check(input: Uint8Array): Promise<string> {
  const json = parseStrictJson(input)
  const body = json.ok ? changeBody.parse(json.value) : undefined
  const isChange = json.ok && parseChangeRequest(json.value).ok
  hold(body?.ok === true || !isChange, 'a change is an object')
  if (!isChange) return ''
  const { index } = await ownIndex()
  const changed = await index.change(json.value)
  if (!changed.ok) {
    hold(canonicalState(index.state) === before, 'what is refused leaves nothing behind')
    return endingOf(changed.refusal)
  }
  hold((await index.verify()).ok, 'what was changed is what the log says')
  checkIndex(index.state)
  const made = changed.value
  return made.kind === 'changed' ? `changed ${made.change.op} ${made.change.class}` : made.kind
}

const seeds = (): readonly Uint8Array[] =>
  [
    ...possibleChanges,
    ...Object.values(bodies).map(({ example }) => example),
    { serial: '4f0c3a9e5b7d1f2846a0c8e2b4d6f081' },
    {
      csr: 'AAAA',
      evidence: { kind: 'kubernetes', token: 'a.b.c', cluster: 'prod' },
      challenge: `ch${'a'.repeat(26)}`,
      ttlSeconds: 600,
    },
  ].map((value) => Buffer.from(JSON.stringify(value)))

const changes = jsonBySchema({ oneOf: Object.values(requestSchemas) })
const others = jsonBySchema({
  oneOf: Object.values(bodies).map(({ schema }) => schema as Schema),
})

export const target: Target = {
  seeds,
  mutators: [changes, changes, changes, others, mutateJson],
  run,
  check,
}
