/** The public keys a leaf may carry. RSA means 3072 bits or more, and only where an envelope says so. */
export const keyAlgorithms = ['P-256', 'P-384', 'Ed25519', 'RSA'] as const
export type KeyAlgorithm = (typeof keyAlgorithms)[number]
