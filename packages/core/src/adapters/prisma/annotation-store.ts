/** Annotations on PostgreSQL. */
import type { Annotation, AnnotationQuery, AnnotationStore, NewAnnotation } from '../../annotations/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { Annotation as Row } from './generated/client.ts';
import { named } from './order-effects.ts';

export class PrismaAnnotationStore implements AnnotationStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async add({ range, ...annotation }: NewAnnotation): Promise<void> {
    const data = { ...annotation, rangeFrom: range?.from ?? null, rangeTo: range?.to ?? null };
    await this.reaching(() => named(this.prisma, (tx) => tx.annotation.create({ data })));
  }

  async find(id: string): Promise<Annotation | undefined> {
    const row = await this.reaching(() => this.prisma.annotation.findUnique({ where: { id } }));
    return row === null ? undefined : annotationFrom(row);
  }

  async list({ stream, fromMs, toMs, withRemoved = false, limit }: AnnotationQuery): Promise<Annotation[]> {
    const where = {
      ...(stream === undefined ? {} : { stream }),
      ...(fromMs === undefined ? {} : { toMs: { gte: fromMs } }),
      ...(toMs === undefined ? {} : { fromMs: { lte: toMs } }),
      ...(withRemoved ? {} : { removedMs: null }),
    };
    const rows = await this.reaching(() =>
      this.prisma.annotation.findMany({
        ...{ where, take: limit },
        orderBy: [{ fromMs: 'desc' }, { id: 'desc' }],
      }),
    );
    return rows.map(annotationFrom);
  }

  remove(id: string, actor: string, atMs: number): Promise<boolean> {
    return this.change({ id, removedMs: null }, { removedMs: atMs, removedBy: actor });
  }

  restore(id: string): Promise<boolean> {
    return this.change({ id, removedMs: { not: null } }, { removedMs: null, removedBy: null });
  }

  private async change(
    where: { readonly id: string; readonly removedMs: null | { readonly not: null } },
    data: Pick<Annotation, 'removedMs' | 'removedBy'>,
  ): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.annotation.updateMany({ where, data })),
    );
    return count > 0;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function annotationFrom({ rangeFrom, rangeTo, ...row }: Row): Annotation {
  return {
    ...row,
    fromMs: Number(row.fromMs),
    toMs: Number(row.toMs),
    range: rangeFrom === null || rangeTo === null ? null : { from: rangeFrom, to: rangeTo },
    createdMs: Number(row.createdMs),
    removedMs: row.removedMs === null ? null : Number(row.removedMs),
  };
}
