declare const brand: unique symbol

/** A `T` that only its minting function makes: the proof of having been checked is in the type. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
