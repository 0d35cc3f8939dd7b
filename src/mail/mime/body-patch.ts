/** Replaces ranges of a stored body by other bytes. Patches are in order and do not overlap. */

/** A range of the stored body and the bytes that replace it. */
export interface BodyPatch {
  start: number;
  end: number;
  bytes: Uint8Array[];
}

export function patchWhole(stored: Uint8Array, patches: readonly BodyPatch[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { start, end, bytes } of patches) {
    pieces.push(stored.subarray(from, start), ...bytes);
    from = end;
  }
  pieces.push(stored.subarray(from));
  return Buffer.concat(pieces);
}

/** `patchWhole` for a body that comes in pieces, in bounded memory. */
export async function* patchStream(stored: AsyncIterable<Uint8Array>, patches: readonly BodyPatch[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  let position = 0;
  for await (const chunk of stored) {
    const chunkEnd = position + chunk.byteLength;
    let from = position;
    for (let patch = patches[next]; patch !== undefined && patch.start < chunkEnd; patch = patches[next]) {
      if (patch.start > from) yield chunk.subarray(from - position, patch.start - position);
      // The replacement is given when the range begins.
      if (patch.start >= position) yield* patch.bytes;
      from = Math.min(patch.end, chunkEnd);
      if (patch.end > chunkEnd) break;
      next++;
    }
    if (from < chunkEnd) yield chunk.subarray(from - position);
    position = chunkEnd;
  }
}
