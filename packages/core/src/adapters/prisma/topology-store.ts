/**
 * The topology store on PostgreSQL. A decision is one transaction that begins by updating the clock row: that lock
 * makes deciders follow each other and versions commit in order, so a follower of the change log never skips one, and
 * READ COMMITTED is enough. A refused decision rolls back and leaves no trace, not even a version.
 */
import {
  type Change,
  type Decision,
  type DecisionReply,
  judge,
  type Topology,
  type TopologyStore,
} from '../../topology/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import { load } from './loading.ts';
import { RolledBack } from './rolled-back.ts';
import { toChange, toGarbage, toHost, toShardlet, toStream } from './rows.ts';
import { store } from './storing.ts';

/** Every decider of every process waits for the same row; a decision takes a few milliseconds. */
const DECISION_WAIT_MS = 20_000;
/** A snapshot or a decision of 100,000 shardlets takes seconds. */
const TRANSACTION_TIMEOUT_MS = 60_000;

const TIMES = { maxWait: DECISION_WAIT_MS, timeout: TRANSACTION_TIMEOUT_MS };

export class PrismaTopologyStore implements TopologyStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client: whoever opened it closes it after the store. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async snapshot(): Promise<Topology> {
    const inOneSnapshot = { ...TIMES, isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead };
    const [clock, streams, hosts, shardlets, garbage] = await this.reaching(() =>
      this.prisma.$transaction(
        async (tx) =>
          [
            await tx.clock.findUniqueOrThrow({ where: { one: true } }),
            await tx.stream.findMany({ orderBy: { id: 'asc' } }),
            await tx.host.findMany({ orderBy: { id: 'asc' } }),
            await tx.shardlet.findMany({ orderBy: { id: 'asc' } }),
            await tx.garbage.findMany(),
          ] as const,
        inOneSnapshot,
      ),
    );
    return {
      version: Number(clock.version),
      streams: streams.map(toStream),
      hosts: hosts.map(toHost),
      shardlets: shardlets.map(toShardlet),
      garbage: garbage.map(toGarbage),
    };
  }

  async changesAfter(version: number, limit: number): Promise<readonly Change[]> {
    const rows = await this.reaching(() =>
      this.prisma.change.findMany({
        where: { version: { gt: version } },
        orderBy: { version: 'asc' },
        take: limit,
      }),
    );
    return rows.map(toChange);
  }

  async decide<R>(decision: Decision<R>, actor: string, auditRow?: string): Promise<DecisionReply<R>> {
    try {
      return await this.reaching(() =>
        this.prisma.$transaction((tx) => decideIn(tx, decision, actor, auditRow), {
          ...TIMES,
          // REPEATABLE READ would not see what was decided while this one waited for the clock
          isolationLevel: Prisma.TransactionIsolationLevel.ReadCommitted,
        }),
      );
    } catch (error) {
      if (error instanceof RolledBack) return { kind: 'refused', refusal: error.refusal };
      throw error;
    }
  }

  async close(): Promise<void> {}

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

async function decideIn<R>(
  tx: Prisma.TransactionClient,
  decision: Decision<R>,
  actor: string,
  auditRow: string | undefined,
): Promise<DecisionReply<R>> {
  const loaded = await load(tx, decision.needs);
  const judgement = judge(decision, loaded, actor, auditRow);
  if (judgement.kind === 'refuse') throw new RolledBack(judgement.refusal);
  await store(tx, judgement.change, judgement.nextIds, loaded.nextIds);
  return { kind: 'decided', version: loaded.version, result: judgement.result };
}
