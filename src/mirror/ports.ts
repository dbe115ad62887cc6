/**
 * The files of one mirrored log, by their paths in its folder: `tile/0/x001/x234/067.p/12`. Nothing else
 * writes there. Rejects with `DependencyError` where the disk does not do what it must.
 */
export interface MirrorFiles {
  /** Undefined where there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  /**
   * Makes the file, or takes the place of the one that is there, in one step: whoever reads it sees all
   * of one of them. The octets and the name are durable once it resolves. Folders are made.
   */
  put(path: string, octets: Uint8Array): Promise<void>
  /** Names of the files in a folder, in no order; none where there is no such folder. */
  list(folder: string): Promise<readonly string[]>
  /** Nothing happens where it is not there. Need not be durable. */
  remove(path: string): Promise<void>
}
