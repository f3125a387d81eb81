/** A console over a database and a control Redis of its own: two hosts, and a stream of four open shardlets. */
import { addHost, createStream, type Decision, settleOpening } from '@foreshard/core/topology';
import { startRedis, temporaryFolder } from '@foreshard/local';
import { migratedDatabase } from '../../../../packages/core/src/adapters/prisma/migrated-database.fixture.ts';
import { type TestConsole, testConsole } from './console.fixture.ts';

export interface World {
  readonly console: TestConsole;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** and waits until the console knows it */
  decide<R>(decision: Decision<R>): Promise<R>;
  close(): Promise<void>;
}

/** `name`: of the database, on the PostgreSQL that all contract tests share. `isEmpty`: without hosts and stream. */
export async function consoleWorld(
  postgresUrl: string,
  name: string,
  { isEmpty = false } = {},
): Promise<World> {
  const folder = await temporaryFolder('console');
  const redis = await startRedis({ dir: folder.path });
  const databaseUrl = await migratedDatabase(postgresUrl, name);
  const console = testConsole({ databaseUrl, redisUrl: redis.url });
  const { topology, map } = console.server;

  async function decide<R>(decision: Decision<R>): Promise<R> {
    const reply = await topology.decide(decision, 'test');
    if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
    await map.catchUp();
    return reply.result;
  }
  async function fill(): Promise<void> {
    for (const one of ['a', 'b']) {
      const url = `redis://:hunter2@${one}.test:6379`;
      await decide(addHost({ name: one, engine: 'redis', url, incarnation: one, durability: 'always' }));
    }
    await decide(createStream({ name: 'main', shardCount: 4 }));
    for (const { id, epoch } of (await topology.snapshot()).shardlets) await decide(settleOpening(id, epoch));
  }
  if (isEmpty) await map.catchUp();
  else await fill();
  return {
    ...{ console, databaseUrl, redisUrl: redis.url, decide },
    async close() {
      await console.close();
      await redis.stop();
      await folder.remove();
    },
  };
}
