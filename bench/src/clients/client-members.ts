/**
 * Members of a consumer group by the client library, in a process of their own, as group-members.ts is one by bare requests:
 * "ready" once the members share all shardlets, then one JSON line. What comes before that is handled, and counts from then on.
 *
 *   node client-members.ts URL TOKEN GROUP MEMBERS SHARDLETS EVENTS SECONDS_MAX [LIMIT]
 */
import { connect } from '@foreshard/client/source';

/** As of group-members.ts. */
export interface ClientConsumed {
  readonly events: number;
  readonly seconds: number;
  /** from "ready" to the end */
  readonly processorMicros: number;
}

const [url = '', token = '', group = '', ...numbers] = process.argv.slice(2);
const [members = 4, shardlets = 64, expected = 0, secondsMax = 60, limit = 500] = numbers.map(Number);

const held = new Map<string, number>();
const seen = new Set<string>();
let firstMs = 0;
let lastMs = 0;
const { promise: shared, resolve: isShared } = Promise.withResolvers<void>();
const { promise: everythingCame, resolve: finish } = Promise.withResolvers<void>();

const consumers = Array.from({ length: members }, (_, i) =>
  connect({ url, token }).consumer({
    ...{ group, member: `c-${process.pid}-${i}`, batchEventsMax: limit },
    onNotice(notice) {
      if (notice.kind !== 'assigned') return;
      held.set(`${i}`, notice.assigned.filter(({ revoking }) => !revoking).length);
      const counts = [...held.values()];
      const isEven = counts.length === members && Math.min(...counts) >= Math.floor(shardlets / members);
      if (isEven && counts.reduce((x, y) => x + y, 0) === shardlets) isShared();
    },
  }),
);
// nothing is handled before all have joined
for (const consumer of consumers) consumer.pause();
const running = Promise.all(
  consumers.map((consumer) =>
    consumer.eachBatch(({ events }) => {
      lastMs = performance.now();
      if (firstMs === 0) firstMs = lastMs;
      for (const { event } of events) seen.add(event.id);
      if (seen.size >= expected) finish();
    }),
  ),
);
await Promise.race([shared, running]);
process.stdout.write('ready\n');
const before = process.cpuUsage();
const timer = setTimeout(finish, secondsMax * 1_000);
for (const consumer of consumers) consumer.resume();
await Promise.race([everythingCame, running]);
clearTimeout(timer);
const { user, system } = process.cpuUsage(before);
const result: ClientConsumed = {
  events: seen.size,
  seconds: (lastMs - firstMs) / 1_000,
  processorMicros: user + system,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
await Promise.all(consumers.map((consumer) => consumer.close()));
await running;
