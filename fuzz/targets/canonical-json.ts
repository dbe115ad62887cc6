import canonicalizeOther from 'canonicalize'
import { canonicalize, parseCanonical } from '../../src/core/canonical-json.js'
import { parseStrictJson } from '../../src/server/http/strict-json.js'
import { filesBelow } from '../given/files.js'
import { mutateCanonical, mutateJson, parse } from '../mutate/json.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

function run(input: Uint8Array): string {
  const canonical = parseCanonical(input)
  const strict = parseStrictJson(input)
  if (canonical.ok) {
    const text = canonicalize(canonical.value)
    hold(sameOctets(Buffer.from(text), input), 'what is accepted as canonical is written alike')
    hold(canonicalizeOther(canonical.value) === text, 'RFC 8785 as another writes it')
    const mind = strict.ok || strict.refusal.detail.includes('nested')
    hold(mind, 'canonical JSON is strict JSON, but for depth')
    return 'canonical'
  }
  endingOf(canonical.refusal)
  if (!strict.ok) return endingOf(strict.refusal)
  const plain = JSON.stringify(strict.value)
  hold(plain === JSON.stringify(parse(input)), 'a strict reader reads as JSON.parse')
  const again = parseStrictJson(Buffer.from(plain))
  hold(again.ok && JSON.stringify(again.value) === plain, 'strict JSON stays so when written again')
  return `strict, ${roundTrip(strict.value)}`
}

/** Whatever can be written as canonical JSON is read back, and is the same. */
function roundTrip(value: unknown): string {
  let text: string
  try {
    text = canonicalize(value)
  } catch (error) {
    // What it says of values that must not be signed.
    if (error instanceof TypeError || error instanceof RangeError) return error.message
    throw error
  }
  const octets = Buffer.from(text)
  const read = parseCanonical(octets, Infinity)
  hold(read.ok && canonicalize(read.value) === text, 'canonical JSON is read as it is written')
  hold(canonicalizeOther(value) === text, 'RFC 8785 as another writes it')
  return 'can be signed'
}

const texts = [
  '{"a":[1,-1,0,true,false,null,"b"],"c":{}}',
  '{"\\ud83d\\ude00":"\u{1f600}","\u00e9":"\\u00e9","\\u0000":"\\n"}',
  '{"b":1,"a":2}',
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"__proto__":{}}',
  '[1.0,1e2,-0,9007199254740991,9007199254740992,0.1]',
  '"\\ud800"',
  `${'['.repeat(32)}${']'.repeat(32)}`,
  `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`,
  ' [ 1 ] ',
  '\ufeff{}',
]

function seeds(): readonly Uint8Array[] {
  const vectors = filesBelow('test/fixtures/csr').filter(({ path }) => path.endsWith('.json'))
  return [
    ...texts.map((text) => Buffer.from(text)),
    ...vectors.map(({ octets }) => octets.subarray(0, 65_536)),
  ]
}

export const target: Target = { seeds, mutators: [mutateJson, mutateJson, mutateCanonical], run }
