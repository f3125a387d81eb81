/** Many consumer groups that are behind, on one stream: rows as members leave them, without members that poll. */
import { connectAnyHost } from '@foreshard/core/adapters/event-hosts';
import { EMPTY_GROUP, type GroupStore } from '@foreshard/core/consuming';
import { seededRandom } from '@foreshard/core/kernel';
import type { BenchCluster } from './cluster.ts';
import { batchOf, renumber, zipfSampler } from './random-events.ts';

interface ManyGroups {
  readonly groups: number;
  /** of each group */
  readonly members: number;
  /** id and last seq of the shardlets */
  readonly shardlets: readonly { readonly id: number; readonly lastSeq: number }[];
}

const SESSION_MS = 600_000;
const POSTS = 60;
const EVENTS_A_POST = 1_000;
const NAMES = ['billing', 'search', 'audit', 'mailing', 'fraud', 'stock', 'report', 'views'];

/** Some share names of purposes, so that a search finds several. */
export function manyGroupName(i: number): string {
  return `${NAMES[i % NAMES.length]}-${String(i).padStart(3, '0')}`;
}

/** Events, and groups that have begun every shardlet; answers how many shardlets there are. */
export async function fillWithGroups(
  cluster: BenchCluster,
  size: Pick<ManyGroups, 'groups' | 'members'>,
): Promise<number> {
  const { control, host } = cluster;
  await append(cluster);
  const { streams, shardlets } = await control.topology.snapshot();
  const { id } = streams.find(({ name }) => name === 'main')!;
  const connected = await connectAnyHost({ engine: 'redis', url: host.url });
  const { changed } = await connected.news(0);
  await connected.close();
  const ends = new Map(changed.map(({ shardlet, lastSeq }) => [shardlet, lastSeq]));
  const own = shardlets.filter(({ stream }) => stream === id);
  const known = own.map((shardlet) => ({ id: shardlet.id, lastSeq: ends.get(shardlet.id) ?? 0 }));
  await putManyGroups(control.groups, id, { ...size, shardlets: known });
  return own.length;
}

async function putManyGroups(
  store: GroupStore,
  stream: number,
  { groups, members, shardlets }: ManyGroups,
): Promise<void> {
  const random = seededRandom(7);
  for (let i = 0; i < groups; i++) {
    const name = manyGroupName(i);
    // every third keeps up, the others are up to all of it behind
    const behind = i % 3 === 0 ? 0 : random.next();
    const checkpoints = shardlets.map(({ id, lastSeq }, at) => ({
      ...{
        shardlet: id,
        seq: Math.floor(lastSeq * (1 - behind * random.next())),
        epoch: 1,
        assignment: 1,
        skipped: 0,
      },
      ...{ member: `${name}-worker-${at % members}`, revoking: at % 997 === 0 },
    }));
    const known = new Map(checkpoints.map((c) => [c.shardlet, c]));
    await store.create({ name, stream, sessionMs: SESSION_MS }, { ...EMPTY_GROUP, checkpoints: known });
    await store.change(name, ({ state }, nowMs) => {
      const all = Array.from({ length: members }, (_, at) => ({
        ...{ id: `${name}-worker-${at}`, seenAtMs: nowMs, subject: 'token:bench', commits: 0 },
      }));
      return { state: { ...state, version: 1, members: all }, result: undefined };
    });
  }
}

async function append({ edgeUrl, token }: BenchCluster): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' };
  const batch = batchOf(EVENTS_A_POST, zipfSampler(100_000, 0.5));
  for (let post = 0; post < POSTS; post++) {
    renumber(batch, post * EVENTS_A_POST);
    const reply = await fetch(`${edgeUrl}/v1/events`, {
      method: 'POST',
      headers,
      body: new Uint8Array(batch.body),
    });
    if (!reply.ok) throw new Error(`append: ${reply.status} ${await reply.text()}`);
    await reply.arrayBuffer();
  }
}
