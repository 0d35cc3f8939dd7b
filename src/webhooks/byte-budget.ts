/** Bounds the bytes that are in memory at a time. When they are used up, callers wait in line. */

export interface ByteBudget {
  /** Resolves when there is room, with what gives it back. More than the whole budget counts as all of it. */
  take(bytes: number): Promise<() => void>;
}

export function makeByteBudget(total: number): ByteBudget {
  let left = total;
  const line: { bytes: number; go: () => void }[] = [];

  function serve(): void {
    for (let first = line[0]; first !== undefined && first.bytes <= left; first = line[0]) {
      line.shift();
      left -= first.bytes;
      first.go();
    }
  }

  return {
    async take(wanted) {
      const bytes = Math.min(wanted, total);
      await new Promise<void>((go) => {
        line.push({ bytes, go });
        serve();
      });
      return () => {
        left += bytes;
        serve();
      };
    },
  };
}
