import { oid } from './der-writer.js'

/**
 * The governed-identity extension. Non-critical; its value is a UTF8String of canonical JSON (RFC
 * 8785) that says which index entry the leaf stands for. The OID is the UUID
 * e1222d07-a63e-47ec-a39e-666d32645188 in Microsoft's arc for OIDs made of UUIDs, in which no arc is
 * beyond 24 bits: Go rejects every certificate with an OID under 2.25, whose arcs have 128.
 */
export const IDENTITY_OID =
  '1.2.840.113556.1.8000.2554.57634.11527.42558.18412.41886.6712626.6574472'

/** DER of IDENTITY_OID. */
export const IDENTITY_OID_DER = oid(IDENTITY_OID)
