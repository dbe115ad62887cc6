/** The field prime of edwards25519 (RFC 8032 section 5.1). */
const P = 2n ** 255n - 19n

/** The order of its base point. The curve has 8 L points: what is added to those of order L is torsion. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** -121665/121666 in that field. */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. Residues of either sign. */
interface Point {
  readonly X: bigint
  readonly Y: bigint
  readonly Z: bigint
  readonly T: bigint
}

const NEUTRAL: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n }

/** A check costs a thousand times what looking here does, and the same keys come again and again. */
const accepted = new Set<string>()
const MOST_ACCEPTED = 4096

/**
 * True when 32 octets are an Ed25519 public key of order L, in its one spelling (RFC 8032 section
 * 5.1.3). Of a point of small order one signature fits every message. Of one of mixed order its
 * holder can make signatures that hold by [S]B = R + [k]A and not by [8][S]B = [8]R + [8][k]A, or
 * the other way round: RFC 8032 section 5.1.7 leaves the choice to each verifier, and two of them
 * would count the same votes differently.
 */
export function isPrimeOrder(publicKey: Uint8Array): boolean {
  const spelled = Buffer.from(publicKey).toString('hex')
  if (accepted.has(spelled)) return true
  const point = decode(publicKey)
  if (!point || isNeutral(point) || !isNeutral(timesL(point))) return false
  if (accepted.size >= MOST_ACCEPTED) accepted.clear()
  accepted.add(spelled)
  return true
}

/** RFC 8032 section 5.1.3: undefined off the curve, and for every second spelling. */
function decode(octets: Uint8Array): Point | undefined {
  if (octets.length !== 32) return undefined
  const encoded = BigInt(`0x${Buffer.from(octets).reverse().toString('hex')}`)
  const y = BigInt.asUintN(255, encoded)
  if (y >= P) return undefined
  const root = squareRoot((y * y - 1n) % P, (D * y * y + 1n) % P)
  if (root === undefined) return undefined
  const isOdd = encoded >> 255n === 1n
  if (root === 0n && isOdd) return undefined
  const x = (root & 1n) === (isOdd ? 1n : 0n) ? root : P - root
  return { X: x, Y: y, Z: 1n, T: (x * y) % P }
}

/** Of u/v, from 0 to P - 1, by one power (section 5.1.3, step 2 and 3). */
function squareRoot(u: bigint, v: bigint): bigint | undefined {
  const v3 = (v * v * v) % P
  const x = (u * v3 * power((u * v3 * v3 * v) % P, (P - 5n) / 8n)) % P
  const found = (v * x * x) % P
  if ((found - u) % P === 0n) return positive(x)
  return (found + u) % P === 0n ? positive(x * ROOT_OF_MINUS_ONE) : undefined
}

const positive = (value: bigint): bigint => ((value % P) + P) % P

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % P
    if (bit === '1') result = (result * base) % P
  }
  return result
}

const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n)

/** Complete: also of a point and itself, and of the neutral point (section 5.1.4). */
function add(p: Point, q: Point): Point {
  const a = ((p.Y - p.X) * (q.Y - q.X)) % P
  const b = ((p.Y + p.X) * (q.Y + q.X)) % P
  const c = (((2n * p.T * q.T) % P) * D) % P
  const d = (2n * p.Z * q.Z) % P
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return { X: (e * f) % P, Y: (g * h) % P, Z: (f * g) % P, T: (e * h) % P }
}

function timesL(point: Point): Point {
  let result = NEUTRAL
  for (const bit of L.toString(2)) {
    result = add(result, result)
    if (bit === '1') result = add(result, point)
  }
  return result
}

const isNeutral = ({ X, Y, Z }: Point): boolean => X % P === 0n && (Y - Z) % P === 0n
