/** Command lines that wait for a person, on PostgreSQL. */
import type { DeviceSignIn, DeviceStore } from '../../access/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';
import type { DeviceSignIn as Row } from './generated/client.ts';
import { named } from './order-effects.ts';

export class PrismaDeviceStore implements DeviceStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async create({ hash, userCode, device, expiresAt }: Parameters<DeviceStore['create']>[0]): Promise<void> {
    const data = { hash: Buffer.from(hash, 'hex'), userCode, device, expiresAt };
    await this.reaching(() =>
      this.prisma.$transaction([
        // codes are few: those that are over make room
        this.prisma.deviceSignIn.deleteMany({ where: { expiresAt: { lte: new Date() } } }),
        this.prisma.deviceSignIn.create({ data }),
      ]),
    );
  }

  byUserCode(userCode: string): Promise<DeviceSignIn | undefined> {
    return this.find({ userCode, decidedAt: null });
  }

  byHash(hash: string): Promise<DeviceSignIn | undefined> {
    return this.find({ hash: Buffer.from(hash, 'hex') });
  }

  decide(id: string, personId: string, isApproved: boolean): Promise<boolean> {
    return this.change({ id, decidedAt: null }, { personId, isApproved, decidedAt: new Date() });
  }

  use(id: string): Promise<boolean> {
    return this.change({ id }, { usedAt: new Date() });
  }

  private async find(where: Prisma.DeviceSignInWhereInput): Promise<DeviceSignIn | undefined> {
    const row = await this.reaching(() =>
      this.prisma.deviceSignIn.findFirst({ where: { ...usable(), ...where } }),
    );
    return row === null ? undefined : deviceFrom(row);
  }

  private async change(
    where: Prisma.DeviceSignInWhereInput,
    data: Prisma.DeviceSignInUncheckedUpdateManyInput,
  ): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.deviceSignIn.updateMany({ where: { ...usable(), ...where }, data })),
    );
    return count === 1;
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function usable() {
  return { usedAt: null, expiresAt: { gt: new Date() } };
}

function deviceFrom({ id, userCode, device, expiresAt, decidedAt, isApproved, personId }: Row): DeviceSignIn {
  const state = decidedAt === null ? 'pending' : isApproved ? 'approved' : 'denied';
  return { id, userCode, device, expiresAt, state, personId: personId ?? undefined };
}
