/** Contents of checkpoints in PostgreSQL, in parts, for those that are small: no other store has to be run for them. */
import type { CheckpointStore } from '../../checkpointing/index.ts';
import { type PrismaClient, reaching } from '../prisma/index.ts';

const PART_BYTES = 1_048_576;
/** More would crowd out what the database is for. */
const BYTES_MAX = 8 * 1_048_576;
const TIMES = { maxWait: 5_000, timeout: 20_000 };
const ANSWER_WITHIN_MS = 25_000;
const PAGE = 500;
/** In one statement: at their largest they are 4 GB. */
const DELETED_AT_ONCE = 500;

export class PostgresCheckpointStore implements CheckpointStore {
  readonly kind = 'postgres';
  readonly bytesMax = BYTES_MAX;
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async put(name: string, content: Uint8Array): Promise<void> {
    await this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
        // an upload that is repeated
        await tx.stateObject.deleteMany({ where: { name } });
        for (let part = 0; part === 0 || part * PART_BYTES < content.length; part++) {
          const bytes = Uint8Array.from(content.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
          await tx.stateObject.create({ data: { name, part, content: bytes } });
        }
      }, TIMES),
    );
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const parts = await this.reaching(() =>
      this.prisma.stateObject.findMany({ where: { name }, orderBy: { part: 'asc' } }),
    );
    return parts.length === 0 ? undefined : Buffer.concat(parts.map(({ content }) => content));
  }

  async delete(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += DELETED_AT_ONCE) {
      const some = names.slice(at, at + DELETED_AT_ONCE);
      await this.reaching(() => this.prisma.stateObject.deleteMany({ where: { name: { in: some } } }));
    }
  }

  async *list(prefix: string, beforeMs: number): AsyncIterable<readonly string[]> {
    for (let after = ''; ; ) {
      const rows = await this.reaching(() =>
        this.prisma.stateObject.findMany({
          where: {
            part: 0,
            name: { startsWith: prefix, gt: after },
            createdAt: { lt: new Date(beforeMs) },
          },
          orderBy: { name: 'asc' },
          select: { name: true },
          take: PAGE,
        }),
      );
      if (rows.length === 0) return;
      yield rows.map(({ name }) => name);
      after = rows.at(-1)!.name;
    }
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, ANSWER_WITHIN_MS);
  }
}
