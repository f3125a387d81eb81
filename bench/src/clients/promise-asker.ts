/**
 * Asks a host on PostgreSQL for promises as an edge does with a follower of the log and a member of a group with `order: log`,
 * both of which always have events that wait for one. Prints "ready", and goes on until it is ended.
 *
 *   node promise-asker.ts URL
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPostgresHost } from '@foreshard/core/adapters/postgres';
import { Frontiers } from '@foreshard/core/heads';
import { EMPTY_TOPOLOGY, TopologyMap } from '@foreshard/core/topology';

/** of the log reader, while something is queued */
const FOLLOWER_PACE_MS = 2;
/** of a member, while something is held back */
const MEMBER_PACE_MS = 20;
const HOST = 1;

const [url = ''] = process.argv.slice(2);
const host = await connectPostgresHost({ url, expectedIncarnation: undefined });
const topology = new TopologyMap(EMPTY_TOPOLOGY);
const frontiers = new Frontiers({
  hosts: { get: async () => host },
  map: { topology, onChange: topology.onChange.bind(topology) },
  nowMs: () => performance.now(),
});
let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});
await frontiers.ask(HOST, true);
process.stdout.write('ready\n');
await Promise.all([
  follow(() => Math.max(FOLLOWER_PACE_MS, frontiers.samePromiseForMs(HOST))),
  follow(() => MEMBER_PACE_MS),
]);
await host.close();

async function follow(paceMs: () => number): Promise<void> {
  while (!isOver) {
    await frontiers.ask(HOST, true);
    await sleep(paceMs());
  }
}
