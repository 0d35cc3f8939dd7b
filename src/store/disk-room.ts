/**
 * How much room the disk of the data folder has, and the ballast: a file of meaningless bytes, which is kept while there is room and removed when
 * there is none.
 */
export interface DiskFacts {
  /** Bytes that can still be written. */
  free: number;
  /** Bytes of the whole disk. */
  total: number;
  /** Bytes of the write-ahead logs together. */
  walBytes: number;
}

export interface DiskRoom {
  /** Throws StoreError. */
  measure(): Promise<DiskFacts>;
  /** Size of the ballast file, 0 when there is none. */
  ballast(): Promise<number>;
  /** Writes the whole ballast. If that fails, leaves no ballast and throws StoreError. */
  takeBallast(bytes: number): Promise<void>;
  /** Removes the ballast. It is no error if there is none. */
  dropBallast(): Promise<void>;
}
