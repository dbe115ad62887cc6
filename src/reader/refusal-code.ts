/** The code in the body of a refusal: of a fixed form, so that it may be repeated. */
export const refusalCode = (body: Uint8Array): string | undefined =>
  /"code":\s?"([a-z.-]{1,60})"/.exec(Buffer.from(body).toString('latin1'))?.[1]
