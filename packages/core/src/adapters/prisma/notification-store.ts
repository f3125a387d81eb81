/**
 * Targets, deliveries and alarms on PostgreSQL. A delivery is claimed by moving its next attempt ahead in the same
 * statement that reads it, so of several workers only one sends it, and one that dies with it loses a lease.
 */
import type {
  AlarmRecord,
  Attempt,
  Delivery,
  DeliveryState,
  NewDelivery,
  NotificationStore,
  Target,
  TargetChange,
} from '../../notifying/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type {
  Alarm as AlarmRow,
  WebhookDelivery as DeliveryRow,
  WebhookTarget as TargetRow,
} from './generated/client.ts';
import { named, namedTransaction } from './order-effects.ts';

export class PrismaNotificationStore implements NotificationStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async targets(): Promise<Target[]> {
    const query = { orderBy: { name: 'asc' } } as const;
    return (await this.reaching(() => this.prisma.webhookTarget.findMany(query))).map(targetFrom);
  }

  async add({ kinds, ...target }: Target): Promise<boolean> {
    const data = [{ ...target, kinds: JSON.stringify(kinds) }];
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.webhookTarget.createMany({ data, skipDuplicates: true })),
    );
    return count > 0;
  }

  async change(name: string, { kinds, ...change }: TargetChange): Promise<boolean> {
    const data = { ...change, ...(kinds === undefined ? {} : { kinds: JSON.stringify(kinds) }) };
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.webhookTarget.updateMany({ where: { name }, data })),
    );
    return count > 0;
  }

  async remove(name: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.webhookTarget.deleteMany({ where: { name } })),
    );
    return count > 0;
  }

  async notified(target: string, subjects: readonly string[]): Promise<Set<string>> {
    const where = { target, subject: { in: [...subjects] } };
    const rows = await this.reaching(() => this.prisma.noticeTold.findMany({ where }));
    return new Set(rows.map(({ subject }) => subject));
  }

  queue(delivery: NewDelivery, subjects: readonly string[]): Promise<boolean> {
    const { target, createdMs } = delivery;
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        const data = { ...delivery, state: 'waiting', nextMs: createdMs };
        const made = await tx.webhookDelivery.createMany({ data: [data], skipDuplicates: true });
        if (made.count === 0) return false;
        const rows = subjects.map((subject) => ({ target, subject, atMs: createdMs }));
        const { count } = await tx.noticeTold.createMany({ data: rows, skipDuplicates: true });
        if (count === subjects.length) return true;
        throw new NotifiedMeanwhile();
      }),
    ).catch((error) => {
      if (error instanceof NotifiedMeanwhile) return false;
      throw error;
    });
  }

  async delivery(id: string): Promise<Delivery | undefined> {
    const row = await this.reaching(() => this.prisma.webhookDelivery.findUnique({ where: { id } }));
    return row === null ? undefined : deliveryFrom(row);
  }

  async deliveries(query: {
    readonly target?: string;
    readonly state?: DeliveryState;
    readonly limit: number;
  }): Promise<Delivery[]> {
    const { limit, ...where } = query;
    const newest = { where, orderBy: [{ createdMs: 'desc' }, { id: 'desc' }], take: limit } as const;
    const rows = await this.reaching(() =>
      this.prisma.webhookDelivery.findMany({ ...newest, orderBy: [...newest.orderBy] }),
    );
    return rows.map(deliveryFrom);
  }

  async claim(nowMs: number, leaseMs: number, limit: number): Promise<Delivery[]> {
    const ids = await this.reaching(
      () => this.prisma.$queryRaw<{ id: string }[]>`
      UPDATE webhook_delivery SET next_ms = ${nowMs + leaseMs}
      WHERE id IN (
        SELECT d.id FROM webhook_delivery d JOIN webhook_target t ON t.name = d.target AND t.enabled
        WHERE d.state = 'waiting' AND d.next_ms <= ${nowMs}
        ORDER BY d.next_ms, d.id LIMIT ${limit} FOR UPDATE OF d SKIP LOCKED)
      RETURNING id`,
    );
    const where = { id: { in: ids.map(({ id }) => id) } };
    const rows = await this.reaching(() =>
      this.prisma.webhookDelivery.findMany({ where, orderBy: { createdMs: 'asc' } }),
    );
    return rows.map(deliveryFrom);
  }

  async settle({ id, state, failures, nextMs, attempts }: Delivery): Promise<void> {
    const data = { state, failures, nextMs: Math.round(nextMs), attempts: JSON.stringify(attempts) };
    await this.reaching(() => this.prisma.webhookDelivery.updateMany({ where: { id }, data }));
  }

  async redeliver(id: string, nowMs: number): Promise<boolean> {
    const data = { state: 'waiting', failures: 0, nextMs: nowMs };
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.webhookDelivery.updateMany({ where: { id }, data })),
    );
    return count > 0;
  }

  async alarms(): Promise<AlarmRecord[]> {
    return (
      await this.reaching(() =>
        this.prisma.alarm.findMany({ orderBy: [{ sinceMs: 'desc' }, { key: 'asc' }] }),
      )
    ).map(alarmFrom);
  }

  async keepAlarms(changed: readonly AlarmRecord[], forgotten: readonly string[]): Promise<void> {
    await this.reaching(() =>
      this.prisma.$transaction([
        ...changed.map(({ key, ...data }) =>
          this.prisma.alarm.upsert({ where: { key }, create: { key, ...data }, update: data }),
        ),
        this.prisma.alarm.deleteMany({ where: { key: { in: [...forgotten] } } }),
      ]),
    );
  }

  async forget(beforeMs: number): Promise<void> {
    const ended = { state: { not: 'waiting' }, createdMs: { lt: beforeMs } };
    await this.reaching(() => this.prisma.webhookDelivery.deleteMany({ where: ended }));
    await this.reaching(() => this.prisma.noticeTold.deleteMany({ where: { atMs: { lt: beforeMs } } }));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

/** Ends the transaction, so that the message is not kept either. */
class NotifiedMeanwhile extends Error {
  override readonly name = 'ToldMeanwhile';
}

function targetFrom({ kinds, quietUntilMs, createdMs, format, ...row }: TargetRow): Target {
  return {
    ...row,
    format: format as Target['format'],
    kinds: JSON.parse(kinds) as Target['kinds'],
    quietUntilMs: Number(quietUntilMs),
    createdMs: Number(createdMs),
  };
}

function deliveryFrom({ state, nextMs, createdMs, attempts, ...row }: DeliveryRow): Delivery {
  return {
    ...row,
    state: state as DeliveryState,
    nextMs: Number(nextMs),
    createdMs: Number(createdMs),
    attempts: JSON.parse(attempts) as Attempt[],
  };
}

function alarmFrom({ kind, level, sinceMs, endedMs, ...row }: AlarmRow): AlarmRecord {
  return {
    ...row,
    kind: kind as AlarmRecord['kind'],
    level: level as AlarmRecord['level'],
    sinceMs: Number(sinceMs),
    endedMs: endedMs === null ? null : Number(endedMs),
  };
}
