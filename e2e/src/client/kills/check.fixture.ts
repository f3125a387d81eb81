/** What a run of consumers under kills must have come to. Knows nothing of the product but what it promises. */
import type { Shardlet } from '@foreshard/core/topology';
import type { Effect } from './ledger.fixture.ts';
import type { Scene } from './scene.fixture.ts';

const FAULTS_SHOWN = 10;

type Place = string;
/** by id, `shardlet:seq` of each time it is in the log */
type Log = ReadonlyMap<string, readonly Place[]>;

/** Empty when all that was promised holds. */
export async function findFaults(scene: Scene): Promise<string[]> {
  const log = await readLog(scene);
  const shardlets = await scene.shardlets();
  const { faults: disorder } = await scene.ledger.seen();
  const faults = [...scene.passedOver, ...scene.starvation.faults, ...disorder];
  faults.push(...logFaults(log, scene.acknowledged));
  for (const group of scene.groups) {
    const effects = await scene.ledger.effects(group);
    const found = [
      ...onceFaults(effects, log),
      ...keyFaults(effects, scene.acknowledged),
      ...lineageFaults(effects, shardlets),
      ...(await checkpointFaults(scene, group, effects, shardlets)),
    ];
    faults.push(...found.map((fault) => `${group}: ${fault}`));
  }
  return faults.slice(0, FAULTS_SHOWN);
}

async function readLog(scene: Scene): Promise<Log> {
  const log = new Map<string, Place[]>();
  for await (const item of scene.client.reader().read()) {
    if (item.kind !== 'event') continue;
    const { id } = item.event;
    log.set(id, [...(log.get(id) ?? []), `${item.shardlet}:${item.seq}`]);
  }
  return log;
}

/** Everything acknowledged is stored, everything once. */
function* logFaults(log: Log, acknowledged: ReadonlyMap<string, readonly string[]>): Iterable<string> {
  for (const ids of acknowledged.values())
    for (const id of ids) if (!log.has(id)) yield `event ${id} was acknowledged and is not in the log`;
  for (const [id, places] of log) if (places.length > 1) yield `event ${id} is in the log at ${places}`;
}

/** Everything stored has its effect once, from its place. */
function* onceFaults(effects: readonly Effect[], log: Log): Iterable<string> {
  const byId = Map.groupBy(effects, ({ id }) => id);
  for (const [id, [place]] of log) {
    const places = (byId.get(id) ?? []).map((e) => `${e.shardlet}:${e.seq}`);
    if (places.length !== 1 || places[0] !== place)
      yield `event ${id} is at ${place}, and has effects of [${places}]`;
  }
  for (const id of byId.keys()) if (!log.has(id)) yield `event ${id} has an effect and is not in the log`;
}

/** By key, effects come in the order of acknowledgement. */
function* keyFaults(
  effects: readonly Effect[],
  acknowledged: ReadonlyMap<string, readonly string[]>,
): Iterable<string> {
  const byKey = Map.groupBy(effects, ({ key }) => key);
  for (const [key, ids] of acknowledged) {
    const done = (byKey.get(key) ?? []).map(({ id }) => id);
    const at = ids.findIndex((id, i) => id !== done[i]);
    if (at >= 0) yield `key ${key}: ${done[at]} came as number ${at}, in the place of ${ids[at]}`;
  }
}

/** Within a shardlet without a gap; a child after the last event of its parents. */
function* lineageFaults(effects: readonly Effect[], shardlets: readonly Shardlet[]): Iterable<string> {
  const byShardlet = Map.groupBy(effects, ({ shardlet }) => shardlet);
  for (const [shardlet, own] of byShardlet) {
    const wrong = own.findIndex(({ seq }, i) => seq !== i + 1);
    if (wrong >= 0) yield `shardlet ${shardlet}: ${own[wrong]!.seq} came as number ${wrong + 1}`;
  }
  for (const { id, parents } of shardlets)
    for (const parent of parents) {
      const last = byShardlet.get(parent)?.at(-1)?.at ?? 0;
      const first = byShardlet.get(id)?.[0]?.at ?? Number.POSITIVE_INFINITY;
      if (first < last) yield `shardlet ${id} began before its parent ${parent} was processed`;
    }
}

/** What is committed is what is processed, to the end of every shardlet. */
async function checkpointFaults(
  scene: Scene,
  group: string,
  effects: readonly Effect[],
  shardlets: readonly Shardlet[],
): Promise<string[]> {
  const { body } = await scene.ask(`/v1/groups/${group}`);
  const checkpoints: { shardlet: number; seq: number; skipped: number }[] = body.shardlets;
  const committed = new Map(checkpoints.map((c) => [c.shardlet, c]));
  const done = new Map(effects.map(({ shardlet, seq }) => [shardlet, seq]));
  return shardlets.flatMap(({ id, state }) => {
    const { seq = 0, skipped = 0 } = committed.get(id) ?? {};
    const processed = done.get(id) ?? 0;
    const end = state.kind === 'closed' ? state.finalSeq : processed;
    if (seq === processed && end === processed && skipped === 0) return [];
    return [
      `shardlet ${id} ends at ${end}, is processed to ${processed}, committed to ${seq}, skipped ${skipped}`,
    ];
  });
}
