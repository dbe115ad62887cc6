/** `name=value;`, again and again. Wrong on purpose, in places that no seed comes near. */
export function parse(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  for (const part of text.split(';')) {
    const [name = '', value = ''] = part.split('=', 2)
    if (name === 'version' && value === '4711') throw new TypeError('planted: thrown')
    if (name === 'spread') Object.assign(Object.prototype, { planted: value })
    members.set(name, value)
  }
  return members
}

/** The same, and for one value it does not end. */
export function parseOn(text: string): ReadonlyMap<string, string> {
  const members = parse(text)
  for (const [name, value] of members) if (name === 'keep') while (value === 'on and on');
  return members
}
