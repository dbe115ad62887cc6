/**
 * Where an oracle writes something else than we do for the same plan. Nothing else differs: all other
 * octets are compared. docs/vectors.md prints this list.
 */
export const encoderDifferences = {
  emptyName: {
    oracle: 'pkijs',
    where: 'a Name without attributes',
    why: 'it writes one relative name of no attributes, which RFC 5280 has no place for; the empty Name is given to it encoded',
  },
  serialZero: {
    oracle: '@peculiar/x509',
    where: 'serial number 0',
    why: 'it takes 0 for "none given" and draws one; RFC 5280 section 4.1.2.2 forbids 0, and no plan has it',
  },
  noReason: {
    oracle: '@peculiar/x509',
    where: 'a revoked certificate without a reason',
    why: 'it writes an empty crlEntryExtensions, which RFC 5280 section 5.1 wants absent; it is taken out before the octets are compared',
  },
  shortKeyId: {
    oracle: 'OpenSSL',
    where: 'an issuer whose key identifier has one or two octets',
    why: '`openssl ca` takes it for none; such issuers are compared with the other two only',
  },
  crlOrder: {
    oracle: 'OpenSSL',
    where: 'the order of revoked certificates',
    why: '`openssl ca` sorts them by number; RFC 5280 section 5.1.2.6 has no order, and the plan is sorted before it is compared',
  },
  revokedIn2050: {
    oracle: 'OpenSSL',
    where: 'a revocation in 2050 or later',
    why: 'its index.txt has UTCTime alone; these are compared with the other two only',
  },
} as const
