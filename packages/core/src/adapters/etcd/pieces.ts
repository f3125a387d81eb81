/**
 * A value of any size in etcd, whose requests are limited to 1.5 MB and 128 operations by default: what is
 * larger than one piece is written beforehand under a name nobody refers to yet, and the value that is
 * committed only names it. So one compare-and-set commits a decision of any size.
 */
import type { Etcd3 } from 'etcd3';

/** Two such values and their keys stay far below one request of etcd. */
export const PIECE_BYTES_MAX = 400_000;
/** How many pieces travel at once: four are quick and no burden to the heartbeats of Raft. */
const PIECES_AT_ONCE = 4;

const INLINE = 0;
const NAMED = 1;

/** Answers the value to commit: the bytes themselves, or where they stand. */
export async function putPieces(etcd: Etcd3, name: string, bytes: Buffer): Promise<Buffer> {
  if (bytes.length <= PIECE_BYTES_MAX) return Buffer.concat([Buffer.of(INLINE), bytes]);
  const pieces = Math.ceil(bytes.length / PIECE_BYTES_MAX);
  await eachIndex(pieces, async (i) => {
    const piece = bytes.subarray(i * PIECE_BYTES_MAX, (i + 1) * PIECE_BYTES_MAX);
    await etcd.put(pieceKey(name, i)).value(piece).exec();
  });
  return Buffer.concat([Buffer.of(NAMED), Buffer.from(JSON.stringify({ name, pieces }))]);
}

export async function getPieces(etcd: Etcd3, value: Buffer): Promise<Buffer> {
  if (value[0] === INLINE) return value.subarray(1);
  const { name, pieces } = JSON.parse(value.subarray(1).toString()) as { name: string; pieces: number };
  const found: Buffer[] = new Array(pieces);
  await eachIndex(pieces, async (i) => {
    const piece = await etcd.get(pieceKey(name, i)).buffer();
    if (piece === null) throw new PiecesGone(name);
    found[i] = piece;
  });
  return Buffer.concat(found);
}

/** The value that named these pieces has been replaced since it was read. */
export class PiecesGone extends Error {
  constructor(name: string) {
    super(`the pieces ${name} are gone`);
  }
}

export async function deletePieces(etcd: Etcd3, value: Buffer): Promise<void> {
  if (value[0] === NAMED)
    await etcd
      .delete()
      .prefix(`${JSON.parse(value.subarray(1).toString()).name}/`)
      .exec();
}

function pieceKey(name: string, index: number): string {
  return `${name}/${index}`;
}

async function eachIndex(count: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(count, PIECES_AT_ONCE) }, lane));
}
