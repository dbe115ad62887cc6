/** RFC 7468. */
export const pemText = (label, der) =>
  `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trim()}\n-----END ${label}-----\n`
