/** How many members groups need, as workers found it last. */
import type { GroupOutlook, GroupOutlookStore } from '../../consuming/index.ts';
import { type PrismaClient, reaching } from './client.ts';

export class PrismaGroupOutlooks implements GroupOutlookStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async of(group: string): Promise<GroupOutlook | undefined> {
    const row = await reaching(this.databaseUrl, () =>
      this.prisma.consumerOutlook.findUnique({ where: { group } }),
    );
    return row === null ? undefined : toOutlook(row);
  }

  async all(): Promise<readonly GroupOutlook[]> {
    const rows = await reaching(this.databaseUrl, () =>
      this.prisma.consumerOutlook.findMany({ orderBy: { group: 'asc' } }),
    );
    return rows.map(toOutlook);
  }

  /** Of a group that was removed meanwhile nothing is inserted: in one statement, so that nothing fails. */
  async keep(outlook: GroupOutlook): Promise<void> {
    const { group, members, atMs } = outlook;
    const [rate, now, ahead, from] = [
      outlook.memberRate ?? null,
      outlook.wantedNow ?? null,
      outlook.wantedAhead ?? null,
      outlook.moreFromMs ?? null,
    ];
    await reaching(
      this.databaseUrl,
      () => this.prisma.$executeRaw`
        INSERT INTO consumer_outlook ("group", member_rate, wanted_now, wanted_ahead, members, more_from_ms, at)
        SELECT name, ${rate}::float8, ${now}::int, ${ahead}::int, ${members}::int, ${from}::bigint,
               to_timestamp(${atMs}::float8 / 1000)
          FROM consumer_group WHERE name = ${group}
        ON CONFLICT ("group") DO UPDATE SET member_rate = excluded.member_rate, wanted_now = excluded.wanted_now,
          wanted_ahead = excluded.wanted_ahead, members = excluded.members, more_from_ms = excluded.more_from_ms,
          at = excluded.at`,
    );
  }
}

interface OutlookRow {
  readonly group: string;
  readonly memberRate: number | null;
  readonly wantedNow: number | null;
  readonly wantedAhead: number | null;
  readonly members: number;
  readonly moreFromMs: bigint | null;
  readonly at: Date;
}

function toOutlook({
  group,
  memberRate,
  wantedNow,
  wantedAhead,
  members,
  moreFromMs,
  at,
}: OutlookRow): GroupOutlook {
  return {
    group,
    memberRate: memberRate ?? undefined,
    wantedNow: wantedNow ?? undefined,
    wantedAhead: wantedAhead ?? undefined,
    members,
    moreFromMs: moreFromMs === null ? undefined : Number(moreFromMs),
    atMs: at.getTime(),
  };
}
