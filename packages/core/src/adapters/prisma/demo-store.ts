/** The demo on PostgreSQL: one row, so that two are never under way, whoever asks for them at the same time. */
import type { Principal } from '../../access/index.ts';
import {
  DEMO_STREAM,
  type DemoLimit,
  type DemoStatus,
  type DemoStore,
  demoStatusSchema,
  isUnderWay,
  NO_DEMO,
  type StoredDemo,
} from '../../demo/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { Demo as Row } from './generated/client.ts';
import { namedTransaction } from './order-effects.ts';

const ONE = { one: true };
/** key space of the advisory lock */
const DEMO_LOCK = 0x6465;

export class PrismaDemoStore implements DemoStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async read(): Promise<StoredDemo | undefined> {
    const row = await this.reaching(() => this.prisma.demo.findUnique({ where: ONE }));
    return row === null ? undefined : demoFrom(row);
  }

  request(status: DemoStatus, principal: Principal): Promise<boolean> {
    const data = {
      ...{ isUnderWay: true, status: plain(status), principal: plain(principal) },
      ...{ stopBy: null, tokenId: null, hostPerSecond: null },
    };
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${DEMO_LOCK}::int, 0::int)`;
        const row = await tx.demo.findUnique({ where: ONE });
        if (row?.isUnderWay === true) return false;
        await tx.demo.upsert({ where: ONE, create: data, update: data });
        return true;
      }),
    );
  }

  stop(by: string): Promise<boolean> {
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        const { count } = await tx.demo.updateMany({ where: { isUnderWay: true }, data: { stopBy: by } });
        return count > 0;
      }),
    );
  }

  async write(status: DemoStatus): Promise<string | null> {
    const data = {
      isUnderWay: isUnderWay(status),
      status: plain(status),
      // it holds for what is measured, not for what a run finds on its hosts
      hostPerSecond: status.runs.some(({ state }) => state === 'running') ? status.hostPerSecond : null,
    };
    const row = await this.reaching(() => this.prisma.demo.update({ where: ONE, data }));
    return row.stopBy;
  }

  async noteToken(tokenId: string | null): Promise<void> {
    await this.reaching(() => this.prisma.demo.update({ where: ONE, data: { tokenId } }));
  }

  async limit(): Promise<DemoLimit | undefined> {
    const where = { isUnderWay: true, hostPerSecond: { not: null } };
    const row = await this.reaching(() =>
      this.prisma.demo.findFirst({ where, select: { hostPerSecond: true } }),
    );
    return row === null ? undefined : { stream: DEMO_STREAM, eventsPerSecondOfHost: row.hostPerSecond! };
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function demoFrom({ status, principal, stopBy, tokenId, isUnderWay: underWay }: Row): StoredDemo {
  const read = demoStatusSchema.safeParse(status);
  return {
    // of another release: nothing is known but whether there is something to clean up
    status: read.success ? read.data : { ...NO_DEMO, state: underWay ? 'running' : 'idle' },
    // written by `request` alone
    principal: principal as unknown as Principal,
    ...{ stopBy, tokenId },
  };
}

/** As JSON keeps it. */
function plain(document: object): object {
  return JSON.parse(JSON.stringify(document)) as object;
}
