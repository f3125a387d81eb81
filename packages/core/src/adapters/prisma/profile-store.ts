/** Profiles on PostgreSQL: a row a period, packed and compressed. The cursor's row is the lock of those who merge. */
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type Flushed,
  KEPT_MS,
  type Period,
  type ProfileStore,
  Profiles,
  RESOLUTIONS,
  type Resolution,
} from '../../profiling/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';

const TIMES = { maxWait: 10_000, timeout: 60_000 };
const ALL = Object.keys(RESOLUTIONS) as Resolution[];

export class PrismaProfileStore implements ProfileStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  add(read: (after: string) => Promise<readonly Flushed[]>): Promise<number> {
    return reaching(this.databaseUrl, () =>
      this.prisma.$transaction(async (tx) => {
        const [cursor] = await tx.$queryRaw<{ entry: string }[]>`SELECT entry FROM profile_cursor FOR UPDATE`;
        const flushed = await read(cursor!.entry);
        if (flushed.length === 0) return 0;
        for (const resolution of ALL) await addTo(tx, resolution, flushed);
        const entry = flushed.at(-1)!.entry;
        await tx.profileCursor.update({ where: { one: true }, data: { entry } });
        return flushed.length;
      }, TIMES),
    );
  }

  async periods(resolution: Resolution, fromMs: number, toMs: number): Promise<Period[]> {
    const rows = await reaching(this.databaseUrl, () =>
      this.prisma.profilePeriod.findMany({
        where: { resolution, at: { gte: fromMs, lt: toMs } },
        orderBy: { at: 'asc' },
      }),
    );
    return rows.map(({ at, payload }) => ({ atMs: Number(at), profiles: unpacked(payload) }));
  }

  async forget(nowMs: number): Promise<number> {
    let forgotten = 0;
    for (const resolution of ALL) {
      const before = nowMs - KEPT_MS[resolution];
      const { count } = await reaching(this.databaseUrl, () =>
        this.prisma.profilePeriod.deleteMany({ where: { resolution, at: { lt: before } } }),
      );
      forgotten += count;
    }
    return forgotten;
  }
}

async function addTo(
  tx: Prisma.TransactionClient,
  resolution: Resolution,
  flushed: readonly Flushed[],
): Promise<void> {
  const length = RESOLUTIONS[resolution];
  const byPeriod = Map.groupBy(flushed, ({ atMs }) => Math.floor(atMs / length) * length);
  for (const [at, some] of byPeriod) {
    const where = { resolution_at: { resolution, at } };
    const row = await tx.profilePeriod.findUnique({ where });
    const merged = row === null ? new Profiles() : unpacked(row.payload);
    for (const { profiles } of some) merged.merge(profiles);
    const columns = {
      shardlets: merged.shardlets.size,
      samples: merged.samples,
      payload: gzipSync(merged.pack()),
    };
    await tx.profilePeriod.upsert({ where, create: { resolution, at, ...columns }, update: columns });
  }
}

function unpacked(payload: Uint8Array): Profiles {
  return Profiles.unpack(gunzipSync(payload));
}
