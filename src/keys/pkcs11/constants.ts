/** Numbers of PKCS#11 2.40 and, for Edwards curves, 3.0 (OASIS, pkcs11t.h). */

/** Classes of objects. */
export const CKO = { publicKey: 2, privateKey: 3 } as const

/** Kinds of keys. */
export const CKK = { ec: 0x03, ecEdwards: 0x40 } as const

/** Attributes. */
export const CKA = {
  class: 0x00,
  token: 0x01,
  private: 0x02,
  label: 0x03,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  sign: 0x108,
  verify: 0x10a,
  extractable: 0x162,
  neverExtractable: 0x164,
  ecParams: 0x180,
  ecPoint: 0x181,
  alwaysAuthenticate: 0x202,
} as const

/** Mechanisms. */
export const CKM = {
  ecKeyPairGen: 0x1040,
  ecdsa: 0x1041,
  ecEdwardsKeyPairGen: 0x1055,
  eddsa: 0x1057,
} as const

/** Flags of a session. */
export const CKF_RW_SESSION = 0x02
export const CKF_SERIAL_SESSION = 0x04

/** Flags of a token. */
export const CKF = {
  loginRequired: 0x04,
  pinPad: 0x100,
  initialized: 0x400,
  pinFinalTry: 0x20000,
  pinLocked: 0x40000,
} as const

/** Who logs in. */
export const CKU = { user: 1, contextSpecific: 2 } as const

/** Answers of a module. */
export const CKR = {
  functionCanceled: 0x50,
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLenRange: 0xa2,
  pinExpired: 0xa3,
  pinLocked: 0xa4,
  userAlreadyLoggedIn: 0x100,
  userPinNotInitialized: 0x102,
} as const
