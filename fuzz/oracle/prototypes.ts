import { BrokenProperty } from './hold.js'

const guarded = [Object, Array, Function, String, Map]
  .map((maker) => maker.prototype as object)
  .map((object) => ({ object, members: new Set(Reflect.ownKeys(object)) }))

/** Throws when an input has left something on a prototype that all objects share, and takes it away. */
export function checkPrototypes(): void {
  for (const { object, members } of guarded) {
    const present = Reflect.ownKeys(object)
    if (present.length === members.size) continue
    for (const key of present) if (!members.has(key)) Reflect.deleteProperty(object, key)
    throw new BrokenProperty('shared prototypes stay as they were')
  }
}
