/** Verifies the whole chain, page by page: what was changed, is missing, changed places or was cut off. */
import {
  type Anchor,
  anchorSignature,
  type ChainFault,
  ChainWalk,
  EMPTY_CHAIN,
  type Head,
  type SealedRow,
  sealHash,
} from './chain.ts';
import type { Hmac } from './chain-row.ts';
import { keyId } from './rotation.ts';

/** Where the chain is read. */
export interface ChainSource {
  head(): Promise<Head>;
  anchor(): Promise<Anchor | undefined>;
  /** Seals behind this number with their rows, in order. */
  sealed(afterNumber: number, limit: number): Promise<readonly SealedRow[]>;
  sealAt(number: number): Promise<Head | undefined>;
  unsealed(): Promise<{
    readonly rows: number;
    readonly oldest: { readonly id: string; readonly at: Date } | undefined;
  }>;
}

export interface VerifyOptions {
  readonly nowMs?: number;
  /** behind this seal, whose hash is trusted: after a fault that was looked into */
  readonly from?: number | undefined;
  /** a head that was published: the chain has to reach it, with its hash */
  readonly published?: Head | undefined;
  readonly signal?: AbortSignal;
}

export interface Verification {
  readonly head: Head;
  /** seals that hold */
  readonly verified: number;
  readonly unsealed: number;
  readonly faults: readonly ChainFault[];
}

const PAGE = 1_000;
/** A worker seals within seconds; one may have been away for a while. */
const UNSEALED_MS_MAX = 600_000;
/** Of so many at least one holds, if the key is the right one. */
const TRIED_FOR_KEY = 20;

/** `keys`: newest first. @throws Error where there is no seal to begin behind */
export async function verifyChain(
  source: ChainSource,
  keys: readonly Hmac[],
  { nowMs = 0, from, published, signal }: VerifyOptions,
): Promise<Verification> {
  const anchor = await source.anchor();
  const start = await startOf(source, anchor, from);
  const head = await source.head();
  const walk = new ChainWalk(keys, start);
  let rows = await source.sealed(start.number, PAGE);
  const forged = from === undefined ? anchorFault(keys, anchor) : undefined;
  if (await isOtherKey(keys, start, rows, forged !== undefined))
    return { head, verified: 0, unsealed: 0, faults: [OTHER_KEY] };
  while (rows.length > 0 && walk.fault === undefined && signal?.aborted !== true) {
    walk.follow(rows);
    rows = await source.sealed(walk.head.number, PAGE);
  }
  const { rows: unsealed, oldest } = await source.unsealed();
  const faults = [
    ...(forged === undefined ? [] : [forged]),
    ...(walk.fault === undefined ? earlierKey(keys, walk) : [walk.fault]),
    ...(await cutOff(source, published, anchor)),
    ...unsealedFault(oldest, nowMs),
  ];
  return { head, verified: walk.head.number - start.number, unsealed, faults };
}

async function startOf(
  source: ChainSource,
  anchor: Anchor | undefined,
  from: number | undefined,
): Promise<Head> {
  if (from === undefined) return anchor ?? EMPTY_CHAIN;
  const found = from === 0 ? EMPTY_CHAIN : await source.sealAt(from);
  if (found === undefined) throw new Error(`There is no seal ${from}.`);
  return found;
}

const OTHER_KEY: ChainFault = {
  kind: 'wrong key',
  number: undefined,
  rowId: undefined,
  detail: 'No seal holds under this key: it is not the key of the chain.',
};

/** Does none of the first seals hold by itself, on the hash that is kept before it? */
async function isOtherKey(
  keys: readonly Hmac[],
  start: Head,
  rows: readonly SealedRow[],
  isAnchorForged: boolean,
): Promise<boolean> {
  const first = rows.slice(0, TRIED_FOR_KEY);
  if (first.length === 0) return isAnchorForged;
  return !first.some(({ seal, row }, i) => {
    const previous = i === 0 ? start : first[i - 1]!.seal;
    return (
      row !== undefined && keys.some((key) => sealHash(key, previous.hash, seal.number, row) === seal.hash)
    );
  });
}

/** Whoever has a key of before can go on with it, but not with the newest: the change to that has to be there. */
function earlierKey([newest]: readonly Hmac[], { keyAtEnd, head: { number } }: ChainWalk): ChainFault[] {
  if (keyAtEnd === undefined || newest === undefined || keyId(keyAtEnd) === keyId(newest)) return [];
  const detail =
    'The chain ends under an earlier key than the newest of the key file: the row of the change is missing, or "foreshard audit rotate-key" was interrupted (run it again).';
  return [{ kind: 'wrong key', number, rowId: undefined, detail }];
}

function anchorFault(keys: readonly Hmac[], anchor: Anchor | undefined): ChainFault | undefined {
  if (anchor === undefined || keys.some((key) => anchorSignature(key, anchor) === anchor.signature))
    return undefined;
  const { number } = anchor;
  const detail = `The anchor behind seal ${number} was not signed with this key: rows were pruned by somebody else.`;
  return { kind: 'changed', number, rowId: undefined, detail };
}

async function cutOff(
  source: ChainSource,
  published: Head | undefined,
  anchor: Anchor | undefined,
): Promise<ChainFault[]> {
  // what is older than the anchor was pruned
  if (published === undefined || published.number < (anchor?.number ?? 0)) return [];
  const found = published.number === anchor?.number ? anchor : await source.sealAt(published.number);
  if (found?.hash === published.hash) return [];
  const { number } = published;
  const why =
    found === undefined
      ? `seal ${number} was published and is gone`
      : `seal ${number} was published with another hash`;
  const detail = `The end of the chain was cut off, or an older copy of the database was restored: ${why}.`;
  return [{ kind: 'cut off', number, rowId: undefined, detail }];
}

function unsealedFault(oldest: { id: string; at: Date } | undefined, nowMs: number): ChainFault[] {
  if (oldest === undefined || nowMs - oldest.at.getTime() < UNSEALED_MS_MAX) return [];
  const detail = `Row ${oldest.id} of ${oldest.at.toISOString()} has no seal: no worker seals, or its seal was taken away.`;
  return [{ kind: 'unsealed', number: undefined, rowId: oldest.id, detail }];
}
