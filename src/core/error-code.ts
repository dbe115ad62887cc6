/** The code of a system or TLS error (`ENOENT`, `CERT_HAS_EXPIRED`); empty when it has none. */
export function errorCode(error: unknown): string {
  const coded = typeof error === 'object' && error !== null && 'code' in error
  return coded && typeof error.code === 'string' ? error.code : ''
}

const sentences: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or folder'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'a folder'],
  ['ENOTDIR', 'a file where a folder should be'],
  ['EEXIST', 'it exists'],
  ['EROFS', 'a read-only file system'],
  ['ENOSPC', 'no space left on the disk'],
])

/** Why a file cannot be used, in words: never its text. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error)
  return sentences.get(code) ?? (code === '' ? 'unreadable' : code)
}
