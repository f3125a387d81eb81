/**
 * The state of the topology store after it was restored from a backup. While the clock row carries the mark, every
 * decision is refused; taking it away, the new version and the adopted rows are one transaction, written into the
 * change log as one decision of its own. Its version lies far above all that anybody may have seen, so followers
 * notice that the log does not continue their map, and read the topology store anew.
 */
import { z } from 'zod';
import type { ChangeSet, NextIds } from '../../topology/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import { store } from './storing.ts';

const restoredMarkSchema = z.object({
  /** ms since the epoch */
  restoredAtMs: z.int(),
  /** when the backup was made; absent when the topology store was restored by other means */
  backupAtMs: z.int().optional(),
});
export type RestoredMark = z.infer<typeof restoredMarkSchema>;

export interface RestoredClock {
  readonly version: number;
  readonly nextIds: NextIds;
  /** absent: decisions are allowed */
  readonly mark?: RestoredMark;
}

export interface Examined {
  /** of the topology store as it was examined: refused when the topology store has moved on */
  readonly examinedVersion: number;
  readonly version: number;
  readonly nextIds: NextIds;
  readonly adopted: Partial<ChangeSet>;
}

export interface Restoration {
  clock(): Promise<RestoredClock>;
  /** Refuses decisions from here on: for a topology store that was restored by other means. */
  mark(mark: RestoredMark): Promise<void>;
  /** Allows decisions again; `false` when the topology store has changed since it was examined. */
  finish(examined: Examined, actor: string): Promise<boolean>;
}

const TIMES = { maxWait: 20_000, timeout: 60_000 };
const ONE = { one: true };

export class PrismaRestoration implements Restoration {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async clock(): Promise<RestoredClock> {
    const row = await this.reaching(() => this.prisma.clock.findUniqueOrThrow({ where: ONE }));
    const nextIds = {
      shardlet: Number(row.nextShardlet),
      stream: Number(row.nextStream),
      host: Number(row.nextHost),
    };
    const mark = row.restored === null ? {} : { mark: restoredMarkSchema.parse(row.restored) };
    return { version: Number(row.version), nextIds, ...mark };
  }

  async mark(mark: RestoredMark): Promise<void> {
    await this.reaching(() => this.prisma.clock.update({ where: ONE, data: { restored: mark } }));
  }

  finish(examined: Examined, actor: string): Promise<boolean> {
    return this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
        const { count } = await tx.clock.updateMany({
          where: { version: examined.examinedVersion, NOT: { restored: { equals: Prisma.DbNull } } },
          data: { version: examined.version, restored: Prisma.DbNull },
        });
        if (count === 0) return false;
        const { version, nextIds, adopted } = examined;
        const entry = { version, at: Date.now(), decision: 'afterRestore', actor };
        await store(tx, { ...NOTHING, ...adopted, ...entry }, nextIds);
        return true;
      }, TIMES),
    );
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

const NOTHING: ChangeSet = {
  streams: [],
  streamsRemoved: [],
  hosts: [],
  hostsRemoved: [],
  shardlets: [],
  garbage: [],
  garbageRemoved: [],
};
