/** The odd primes that every modulus of the ROCA library is built upon (CVE-2017-15361). */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const

const PRODUCT = PRIMES.reduce((product, prime) => product * BigInt(prime), 1n)

/** For each prime, the residues that powers of 65537 have. */
const POWERS: readonly ReadonlySet<number>[] = PRIMES.map((prime) => {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power)
  return powers
})

/**
 * Whether an RSA modulus is even, has a factor up to 167, or bears the mark of ROCA: its primes are
 * k * M + (65537^a mod M), so that modulo each small prime it is a power of 65537. For an honest
 * modulus that happens by chance less than once in 2^27.
 */
export function isWeakModulus(modulus: Uint8Array): boolean {
  const n = BigInt(`0x${Buffer.from(modulus).toString('hex')}`)
  // One division of the long number; the rest is done on a number of 219 bits.
  const residue = n % PRODUCT
  const residues = PRIMES.map((prime) => Number(residue % BigInt(prime)))
  if ((n & 1n) === 0n || residues.includes(0)) return true
  return residues.every((value, at) => POWERS[at]?.has(value) === true)
}
