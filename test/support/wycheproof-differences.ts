/** A Wycheproof verdict that is not ours: which cases, and why. docs/vectors.md prints these. */
export interface VectorDifference {
  readonly file: string
  readonly cases: readonly number[]
  readonly why: string
}

/** Of the signatures, by the key policy of CSRs. Under keys of CAs there is none. */
export const csrSignatureDifferences: readonly VectorDifference[] = [
  {
    file: 'rsa_signature_2048_sha256',
    cases: [1, 2, 3, 4, 5, 6, 7, 258, 259],
    why: 'valid, and refused: a leaf carries no RSA key below 3072 bits',
  },
  {
    file: 'rsa_signature_3072_sha256',
    cases: [259],
    why: 'valid, and refused: an RSA exponent other than 65537',
  },
  {
    file: 'rsa_signature_3072_sha512',
    cases: [260],
    why: 'valid, and refused: an RSA exponent other than 65537',
  },
]

/** "acceptable" is no verdict: ours is to refuse, and so is that of CAs and of tokens. */
export const acceptable = {
  cases: [8],
  why: 'acceptable, and refused: a DigestInfo without the NULL that RFC 8017 section 9.2 writes',
} as const

/** Valid in general, and yet never a Kubernetes token. */
export const tokenDifferences: readonly VectorDifference[] = [
  {
    file: 'json_web_signature',
    cases: [1, 348, 352, 357, 358, 359, 372, 373, 376, 377],
    why: 'a secret key, which no public key set holds',
  },
  {
    file: 'json_web_signature',
    cases: [265, 266, 267, 269, 270, 271, 273, 274, 275, 287, 288, 321, 322, 323, 326, 327, 328],
    why: 'an algorithm that Kubernetes does not use',
  },
  {
    file: 'json_web_signature',
    cases: [346, 350],
    why: 'a PS256 key under a header that says PS384',
  },
  {
    file: 'json_web_signature',
    cases: [347, 351],
    why: 'a key whose alg is "ES521", which does not exist',
  },
  {
    file: 'json_web_signature',
    cases: [259, 264, 268, 272, 320, 325],
    why: 'an empty payload, in which no claims are',
  },
  {
    file: 'json_web_key',
    cases: [2, 13, 14, 15],
    why: 'a secret key, which no public key set holds',
  },
  {
    file: 'rsa_signature_2048_sha256',
    cases: [258, 259],
    why: 'valid, and refused: a key set with an RSA exponent other than 65537 is not used',
  },
]
