/** Pages of the log and of a key, and what they say beside the events. */
import { type Edges, expected } from '../edge/edges.ts';
import type { StoredEvent } from '../events.ts';

export interface HostRef {
  readonly host: number;
  readonly name?: string | undefined;
}

/** A host went back to an older state: what was read after `seq` may be gone, and its numbers given to other events. */
export interface Lost {
  readonly stream: string;
  readonly shardlet: number;
  readonly seq: number;
}

/** Retention removed what is before `firstSeq` before it was read. */
export interface Trimmed {
  readonly shardlet: number;
  readonly firstSeq?: number | undefined;
}

export interface Page {
  readonly events: readonly StoredEvent[];
  /** the cursor to go on from, on any edge */
  readonly next: string;
  /** there was nothing more when this page was made */
  readonly atHead: boolean;
  /** of a key: `hit` from the memory of the edge, `wait` so after a fetch under way, `miss` from a host */
  readonly cache?: 'hit' | 'wait' | 'miss' | undefined;
  /** hosts that hold the log up */
  readonly waitingFor?: readonly HostRef[] | undefined;
  readonly trimmed?: readonly Trimmed[] | undefined;
  readonly lost?: readonly Lost[] | undefined;
  /** hosts this reader goes on without */
  readonly skipped?: readonly (HostRef & { readonly sinceTs: number })[] | undefined;
}

/** What is read, and from where. */
export interface Source {
  /** `main` when left out */
  readonly stream?: string | undefined;
  /** only the events of this key */
  readonly key?: string | undefined;
  /** a cursor, `oldest` (when left out), `now`, or a time (RFC 3339) */
  readonly from?: string | undefined;
  /** hosts to go on without, of the log only: their events come late */
  readonly skip?: readonly number[] | undefined;
}

export interface PageRequest extends Source {
  /** 1 to 10,000; 1,000 */
  readonly limit?: number | undefined;
  /** how long an empty page waits for events: up to 30,000 */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asked once. @throws ForeshardError */
export async function pageOf(
  edges: Edges,
  { waitMs = 0, limit, signal, ...source }: PageRequest,
): Promise<Page> {
  const more = { wait: String(waitMs), ...(limit === undefined ? {} : { limit: String(limit) }) };
  return expected(await edges.ask({ method: 'GET', path: pathOf(source, more), waitMs, signal }));
}

export function pathOf({ stream = 'main', key, from, skip }: Source, more: Record<string, string>): string {
  const query = new URLSearchParams(more);
  if (from !== undefined) query.set('from', from);
  if (skip !== undefined && skip.length > 0) query.set('skip', skip.join(','));
  const place = key === undefined ? 'log' : `keys/${encodeURIComponent(key)}/events`;
  const text = query.toString();
  return `/v1/streams/${encodeURIComponent(stream)}/${place}${text === '' ? '' : `?${text}`}`;
}
