/**
 * Which orders have changed something in PostgreSQL. While one is carried out, what its handler writes names its row of the
 * audit log in the same transaction. So of an order whose process died before its end was recorded, it is known.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Prisma, PrismaClient } from './client.ts';

/** Of the process: a bundler may have made a second copy of this file. */
const ORDERS = Symbol.for('foreshard.order');
const shared = globalThis as { [ORDERS]?: AsyncLocalStorage<string> };
const orders = (shared[ORDERS] ??= new AsyncLocalStorage<string>());

type Writes = Prisma.TransactionClient;
interface Limits {
  readonly maxWait?: number;
  readonly timeout?: number;
}

/** `row`: of the audit log. */
export function forOrder<T>(row: string, work: () => Promise<T>): Promise<T> {
  return orders.run(row, work);
}

/** One write or several, in one transaction with the name of the order that they are for. */
export function named<T>(prisma: PrismaClient, write: (tx: Writes) => Promise<T>): Promise<T> {
  return orders.getStore() === undefined ? write(prisma) : namedTransaction(prisma, write);
}

/** The same for what is a transaction in any case. */
export function namedTransaction<T>(
  prisma: PrismaClient,
  write: (tx: Writes) => Promise<T>,
  { limits = {}, hasChanged = isChange }: { limits?: Limits; hasChanged?: (result: T) => boolean } = {},
): Promise<T> {
  const row = orders.getStore();
  return prisma.$transaction(async (tx) => {
    const result = await write(tx);
    if (row !== undefined && hasChanged(result))
      await tx.$executeRaw`INSERT INTO audit_effect (row_id) VALUES (${row}::bigint) ON CONFLICT DO NOTHING`;
    return result;
  }, limits);
}

/** A write that finds nothing to change counts zero rows, or answers undefined or false. */
function isChange(result: unknown): boolean {
  const { count } = (result ?? {}) as { readonly count?: number };
  return Boolean(result) && count !== 0;
}
