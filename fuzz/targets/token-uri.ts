import { parseTokenUri } from '../../src/cli/voting/token-uri.js'
import { endingOf, hold } from '../oracle/hold.js'
import type { Mutator } from '../mutate/mutator.js'
import type { Target } from '../target.js'

/** The one URI that names the same, every octet of its values escaped. */
function formatted(parsed: ReturnType<typeof read>): string {
  const escaped = (octets: Uint8Array): string =>
    Buffer.from(octets.buffer, octets.byteOffset, octets.length)
      .toString('hex')
      .replaceAll(/../g, '%$&')
  const { name, module, pinFile } = parsed
  const path = Object.entries(name).map(
    ([key, value]) => `${key}=${escaped(typeof value === 'string' ? Buffer.from(value) : value)}`,
  )
  const query = [
    ...(module === undefined ? [] : [`module-path=${escaped(Buffer.from(module))}`]),
    ...(pinFile === undefined ? [] : [`pin-source=${escaped(Buffer.from(`file:${pinFile}`))}`]),
  ]
  return `pkcs11:${path.join(';')}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

function read(text: string) {
  const parsed = parseTokenUri(text)
  if (!parsed.ok) throw new Error(parsed.refusal.found)
  return parsed.value
}

function run(input: Uint8Array): string {
  const text = Buffer.from(input).toString('utf8')
  const parsed = parseTokenUri(text)
  if (!parsed.ok) return `${endingOf(parsed.refusal)} ${parsed.refusal.found ?? ''}`.slice(0, 80)
  hold(!/[?&;]pin-value=/i.test(text), 'no PIN stands in a URI')
  const { name, module, pinFile } = parsed.value
  hold(name.object !== undefined || name.id !== undefined, 'a key is named')
  hold(
    [module, pinFile].every((path) => path?.startsWith('/') !== false),
    'files are absolute',
  )
  const again = read(formatted(parsed.value))
  hold(formatted(again) === formatted(parsed.value), 'what is read can be written, and is the same')
  return `read ${Object.keys(name).sort().join(' ')}`
}

/** A pair twice, gone, elsewhere, or of another URI. */
const mutatePairs: Mutator = (input, { random, other }) => {
  const [mine, theirs] = [input, other()].map((octets) =>
    Buffer.from(octets)
      .toString('latin1')
      .split(/([;?&])/),
  )
  const pairs = mine ?? []
  const at = random.below(pairs.length)
  const from = theirs?.[random.below(theirs.length)] ?? ''
  pairs.splice(at, random.below(2), ...(random.oneIn(2) ? [from] : [from, pairs[at] ?? '']))
  return Buffer.from(pairs.join(''), 'latin1')
}

const seeds = (): readonly Uint8Array[] =>
  [
    'pkcs11:token=The%20Token;object=ann?module-path=/usr/lib/m.so&pin-source=file:/run/pin',
    'pkcs11:id=%01%ff;type=private;serial=1f;manufacturer=A;model=B',
    'PKCS11:object=a?pin-source=/run/pin',
    'pkcs11:object=ann?pin-value=1234',
  ].map((text) => Buffer.from(text))

export const target: Target = { seeds, mutators: [mutatePairs], run }
