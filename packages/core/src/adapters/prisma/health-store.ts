/** Scores on PostgreSQL: a row a picture. Names and units of parts are told once, values in rows of numbers. */
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type Health,
  type HealthAt,
  type HealthPicture,
  type HealthStore,
  type HealthSubject,
  KEPT_MS,
  type PartScore,
  RESOLUTIONS,
  type Resolution,
  worse,
} from '../../profiling/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';

const TIMES = { maxWait: 10_000, timeout: 60_000 };
const ALL = Object.keys(RESOLUTIONS) as Resolution[];

export class PrismaHealthStore implements HealthStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  add(picture: HealthPicture): Promise<void> {
    return this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
        for (const resolution of ALL) await addTo(tx, resolution, picture);
      }, TIMES),
    );
  }

  async current(): Promise<HealthPicture | undefined> {
    const row = await this.reaching(() =>
      this.prisma.healthPeriod.findFirst({ where: { resolution: 'minute' }, orderBy: { at: 'desc' } }),
    );
    return row === null ? undefined : unpacked(row);
  }

  async history(
    { kind, id }: HealthSubject,
    resolution: Resolution,
    fromMs: number,
    toMs: number,
  ): Promise<HealthAt[]> {
    const rows = await this.reaching(() =>
      this.prisma.healthPeriod.findMany({
        where: { resolution, at: { gte: fromMs, lt: toMs } },
        orderBy: { at: 'asc' },
      }),
    );
    return rows.flatMap((row) => {
      const { atMs, shardlets, hosts } = unpacked(row);
      const health = (kind === 'host' ? hosts : shardlets).get(id);
      return health === undefined ? [] : [{ atMs, ...health }];
    });
  }

  async forget(nowMs: number): Promise<number> {
    let forgotten = 0;
    for (const resolution of ALL) {
      const where = { resolution, at: { lt: nowMs - KEPT_MS[resolution] } };
      forgotten += (await this.reaching(() => this.prisma.healthPeriod.deleteMany({ where }))).count;
    }
    return forgotten;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

async function addTo(
  tx: Prisma.TransactionClient,
  resolution: Resolution,
  picture: HealthPicture,
): Promise<void> {
  const at = Math.floor(picture.atMs / RESOLUTIONS[resolution]) * RESOLUTIONS[resolution];
  const where = { resolution_at: { resolution, at } };
  // the newest minute is what is shown as now: a host that is well again must not look bad till it ends
  const row = resolution === 'minute' ? null : await tx.healthPeriod.findUnique({ where });
  const payload = packed(row === null ? picture : worse(unpacked(row), picture));
  await tx.healthPeriod.upsert({ where, create: { resolution, at, payload }, update: { payload } });
}

interface Packed {
  readonly shardlets: PackedHealths;
  readonly hosts: PackedHealths;
}

/** `rows`: id, score, then raw value and score of each part, all in the order of `parts` */
interface PackedHealths {
  readonly parts: readonly Pick<PartScore, 'part' | 'unit' | 'weight'>[];
  readonly rows: readonly (readonly (number | null)[])[];
}

function packed({ shardlets, hosts }: HealthPicture): Uint8Array<ArrayBuffer> {
  const content: Packed = { shardlets: rowsOf(shardlets), hosts: rowsOf(hosts) };
  return gzipSync(JSON.stringify(content));
}

function rowsOf(healths: ReadonlyMap<number, Health>): PackedHealths {
  const [first] = healths.values();
  const parts = (first?.parts ?? []).map(({ part, unit, weight }) => ({ part, unit, weight }));
  const rows = [...healths].map(([id, { score, parts: own }]) => [
    id,
    score,
    ...own.flatMap((p) => [p.raw === null ? null : Number(p.raw.toPrecision(4)), p.score]),
  ]);
  return { parts, rows };
}

function unpacked({ at, payload }: { at: bigint; payload: Uint8Array }): HealthPicture {
  const { shardlets, hosts } = JSON.parse(gunzipSync(payload).toString()) as Packed;
  return { atMs: Number(at), shardlets: healthsOf(shardlets), hosts: healthsOf(hosts) };
}

function healthsOf({ parts, rows }: PackedHealths): Map<number, Health> {
  return new Map(
    rows.map(([id, score, ...values]) => [
      id!,
      {
        score: score!,
        parts: parts.map((part, i) => ({ ...part, raw: values[i * 2]!, score: values[i * 2 + 1]! })),
      },
    ]),
  );
}
