/**
 * Marks of hosts, and claims about them, on PostgreSQL. All marks of a second are one statement: 400 hosts cost
 * no more round trips than one. A mark that was answered as stored must be on disk, whatever the session's setting.
 */
import type { Acknowledged, ClaimVerdict, HostClaim, HostProof, HostProofStore } from '../../hosts/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import type { HostClaim as ClaimRow } from './generated/client.ts';

export class PrismaHostProofs implements HostProofStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async proofs(): Promise<ReadonlyMap<number, HostProof>> {
    const rows = await this.reaching(() => this.prisma.hostProof.findMany({ omit: { lastSeqs: true } }));
    return new Map(
      rows.map(({ host, held, next, generation, count, promise, earlier, writers }) => [
        Number(host),
        {
          ...{ host: Number(host), held, next },
          ...{ generation: Number(generation), count: Number(count), promise: Number(promise) },
          earlier: earlier as number[],
          writers: writers as string[],
        },
      ]),
    );
  }

  async replace(changes: Parameters<HostProofStore['replace']>[0]): Promise<ReadonlySet<number>> {
    if (changes.length === 0) return new Set();
    const rows = changes.map(({ before, after }) => ({
      ...{ ...after, before: before?.next ?? null, before_held: before?.held ?? null },
    }));
    // a change that names no row of before is an insertion; one that does never inserts
    const [, written] = await this.reaching(() =>
      this.prisma.$transaction([
        this.prisma.$executeRaw`SELECT set_config('synchronous_commit', 'on', true)`,
        this.prisma.$queryRaw<{ host: bigint }[]>`
          WITH wanted AS (
            SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS w(
              host bigint, held text, next text, generation bigint, count bigint, promise bigint, earlier jsonb, writers jsonb, before text, before_held text)
          ), updated AS (
            UPDATE host_proof p
               SET held = w.held, next = w.next, generation = w.generation, count = w.count, promise = w.promise,
                   earlier = w.earlier, writers = w.writers
              FROM wanted w WHERE p.host = w.host AND p.next = w.before AND p.held = w.before_held
            RETURNING p.host
          ), inserted AS (
            INSERT INTO host_proof (host, held, next, generation, count, promise, earlier, writers)
            SELECT host, held, next, generation, count, promise, earlier, writers FROM wanted WHERE before IS NULL
            ON CONFLICT DO NOTHING
            RETURNING host
          )
          SELECT host FROM updated UNION ALL SELECT host FROM inserted`,
      ]),
    );
    return new Set(written.map(({ host }) => Number(host)));
  }

  async remember(host: number, lastSeqs: ReadonlyMap<number, number>): Promise<void> {
    const data = { lastSeqs: Object.fromEntries(lastSeqs) };
    await this.reaching(() => this.prisma.hostProof.updateMany({ where: { host }, data }));
  }

  async remembered(host: number): Promise<ReadonlyMap<number, number>> {
    const row = await this.reaching(() => this.prisma.hostProof.findUnique({ where: { host } }));
    const seqs = Object.entries((row?.lastSeqs ?? {}) as Record<string, number>);
    return new Map(seqs.map(([shardlet, seq]) => [Number(shardlet), seq]));
  }

  async claims(): Promise<readonly HostClaim[]> {
    const query = { where: { verdict: null }, orderBy: [{ host: 'asc' }, { claimant: 'asc' }] } as const;
    return (
      await this.reaching(() => this.prisma.hostClaim.findMany({ ...query, orderBy: [...query.orderBy] }))
    ).map(claimFrom);
  }

  async claim({ host, claimant, acknowledged, atMs, ...claim }: HostClaim): Promise<void> {
    const stored = acknowledged === undefined ? Prisma.DbNull : { ...acknowledged };
    const data = { ...claim, acknowledged: stored, at: atMs, verdict: null };
    await this.reaching(() =>
      this.prisma.hostClaim.upsert({
        where: { host_claimant: { host, claimant } },
        create: { host, claimant, ...data },
        update: data,
      }),
    );
  }

  async answer(
    { host, claimant }: Pick<HostClaim, 'host' | 'claimant'>,
    verdict: ClaimVerdict,
  ): Promise<void> {
    await this.reaching(() =>
      this.prisma.hostClaim.updateMany({ where: { host, claimant }, data: { verdict } }),
    );
  }

  async verdict({
    host,
    claimant,
  }: Pick<HostClaim, 'host' | 'claimant'>): ReturnType<HostProofStore['verdict']> {
    const where = { host_claimant: { host, claimant } };
    const row = await this.reaching(() => this.prisma.hostClaim.findUnique({ where }));
    if (row === null) return 'unknown';
    return (row.verdict as ClaimVerdict | null) ?? undefined;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function claimFrom({ host, claimant, generation, seen, answered, acknowledged, at }: ClaimRow): HostClaim {
  return {
    ...{ host: Number(host), claimant, generation: Number(generation) },
    ...{ seen: Number(seen), answered: Number(answered), atMs: Number(at) },
    ...(acknowledged === null ? {} : { acknowledged: acknowledged as unknown as Acknowledged }),
  };
}
