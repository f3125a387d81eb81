/**
 * Where the load of a shardlet was seen lately. Edges count hot keys, which says most where there were many
 * events; with few of them the newest events of the log say more; without either the middle is as good as
 * any place.
 */
import { type EventHost, framePosition, HostUnreachable } from '../hosts/index.ts';
import { MS_PER_SECOND } from '../kernel/index.ts';
import type { Host, Shardlet, TopologyMap } from '../topology/index.ts';
import { type KeyEvents, type LoadAt, loadOfKeys, planSplit, type SplitPlan } from './split-point.ts';

/** The newest events: what is hot is hot now. */
const SAMPLE_RECORDS = 5_000;
const SAMPLE_BYTES = 20_000_000;
const COUNTED_MS = 600 * MS_PER_SECOND;

export interface CountedKeys {
  readonly topKeys: readonly KeyEvents[];
  readonly types: readonly { readonly events: number }[];
}

export interface LoadSources {
  /** what edges have told of the keys of a shardlet; undefined: nothing is known */
  countedKeys(query: { shardlet: number; fromMs: number; toMs: number }): Promise<CountedKeys | undefined>;
  /** uses the host and lets it go again. @throws HostUnreachable */
  onHost<T>(host: Host, use: (handle: EventHost) => Promise<T>): Promise<T>;
  readonly nowMs: () => number;
}

export async function planObservedSplit(
  map: TopologyMap,
  parent: Shardlet,
  sources: LoadSources,
): Promise<SplitPlan> {
  const splitKeys = map.stream(parent.stream)?.splitKeys ?? false;
  const sample = (await counted(parent, sources)) ?? (await newest(map, parent, sources));
  return planSplit(parent.range, sample, splitKeys);
}

async function counted({ id, range }: Shardlet, sources: LoadSources): Promise<LoadAt[] | undefined> {
  const toMs = sources.nowMs();
  const keys = await sources.countedKeys({ shardlet: id, fromMs: toMs - COUNTED_MS, toMs });
  const events = keys?.types.reduce((sum, type) => sum + type.events, 0) ?? 0;
  return keys === undefined || events < SAMPLE_RECORDS ? undefined : loadOfKeys(range, keys.topKeys, events);
}

/** Nothing when the host does not answer. */
async function newest(map: TopologyMap, { owner, id, epoch }: Shardlet, sources: LoadSources) {
  const host = map.host(owner);
  if (host === undefined) return [];
  try {
    return await sources.onHost(host, (handle) => sampleOf(handle, id, epoch));
  } catch (error) {
    if (error instanceof HostUnreachable) return [];
    throw error;
  }
}

async function sampleOf(handle: EventHost, id: number, epoch: number): Promise<LoadAt[]> {
  const details = await handle.describe(id);
  if ('kind' in details) return [];
  const from = Math.max(details.firstSeq, details.lastSeq - SAMPLE_RECORDS + 1);
  const limits = { maxRecords: SAMPLE_RECORDS, maxBytes: SAMPLE_BYTES };
  const reply = await handle.read(id, from, epoch, limits);
  if (reply.kind !== 'records') return [];
  return reply.records.map(({ frame }) => ({ position: framePosition(frame), load: 1 }));
}
