/**
 * The keys of the topology store in etcd, and the one transaction that decides:
 *
 *   PREFIX/topology/clock          the version of the last decision
 *   PREFIX/topology/change/V       the record of decision V
 *   PREFIX/topology/base           the whole map at some version: where a new process begins to read
 *   PREFIX/topology/piece/...      what is too large for one value
 *
 * A decision of version V is "the clock stands at V - 1: put record V and set the clock to V". Raft orders
 * these transactions, so of all who try V exactly one succeeds, and a follower that sees V sees all before.
 * Reads are linearizable. Sending a transaction twice is harmless: the second finds the clock moved on, and
 * the record tells whose it was.
 */
import type { Etcd3 } from 'etcd3';
import type { EtcdConnection } from './etcd-connection.ts';
import { deletePieces, getPieces, putPieces } from './pieces.ts';
import {
  type Base,
  decodeBase,
  decodeRecord,
  encodeBase,
  encodeRecord,
  type LogRecord,
} from './record-codec.ts';

/** As many digits as 2^53 has, so that keys sort like versions. */
const VERSION_DIGITS = 16;
/** Records are a kilobyte mostly and 400 kB at most: a page stays below the limit of a message. */
const PAGE_RECORDS = 500;

export class TopologyLog {
  private readonly connection: EtcdConnection;
  private readonly root: string;

  constructor(connection: EtcdConnection, prefix: string) {
    this.connection = connection;
    this.root = `${prefix}/topology/`;
  }

  get clockKey(): string {
    return `${this.root}clock`;
  }

  /** Up to `limit` records with a version above `version`, in order. */
  async recordsAfter(version: number, limit: number): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    while (found.length < limit) {
      const wanted = Math.min(limit - found.length, PAGE_RECORDS);
      const page = await this.page(version + found.length, wanted);
      for (const value of page) found.push(await decodeRecord(await this.whole(value)));
      if (page.length < wanted) break;
    }
    return found;
  }

  /** False: another decision took this version. */
  async commit(record: LogRecord): Promise<boolean> {
    const { version } = record.change;
    const bytes = await encodeRecord(record);
    return this.connection.reaching(async () => {
      const { client } = this.connection;
      const value = await putPieces(client, `${this.root}piece/${digits(version)}/${record.by}`, bytes);
      const { succeeded } = await this.guarded(client, version - 1)
        .then(
          client.put(this.changeKey(version)).value(value),
          client.put(this.clockKey).value(String(version)),
        )
        .commit();
      if (succeeded) return true;
      // an earlier sending of this very transaction may have committed: then the pieces are in use
      if (await this.isCommitted(record)) return true;
      await deletePieces(client, value);
      return false;
    });
  }

  async base(): Promise<Base | undefined> {
    const value = await this.connection.reaching(() => this.connection.client.get(this.baseKey).buffer());
    return value === null ? undefined : decodeBase(await this.whole(value));
  }

  /** Replaces an older base; of two who write at once one wins, and both are right. */
  async putBase(base: Base, by: string): Promise<void> {
    const bytes = await encodeBase(base);
    await this.connection.reaching(async () => {
      const { client } = this.connection;
      const before = await client.get(this.baseKey).exec();
      const value = await putPieces(client, `${this.root}piece/base/${digits(base.version)}/${by}`, bytes);
      const revision = before.kvs[0]?.mod_revision ?? '0';
      const { succeeded } = await client
        .if(this.baseKey, 'Mod', '==', Number(revision))
        .then(client.put(this.baseKey).value(value))
        .commit();
      const useless = succeeded ? before.kvs[0]?.value : value;
      if (useless !== undefined) await deletePieces(client, useless);
    });
  }

  private async isCommitted({ by, change }: LogRecord): Promise<boolean> {
    const value = await this.connection.client.get(this.changeKey(change.version)).buffer();
    return value !== null && (await decodeRecord(await getPieces(this.connection.client, value))).by === by;
  }

  private async page(after: number, limit: number): Promise<Buffer[]> {
    const { client } = this.connection;
    const range = { start: this.changeKey(after + 1), end: `${this.root}change0` };
    const { kvs } = await this.connection.reaching(() =>
      client.getAll().inRange(range).limit(limit).sort('Key', 'Ascend').exec(),
    );
    return kvs.map((kv) => kv.value);
  }

  private whole(value: Buffer): Promise<Buffer> {
    return this.connection.reaching(() => getPieces(this.connection.client, value));
  }

  private guarded(client: Etcd3, version: number) {
    // a key that was never written has create revision 0
    return version === 0
      ? client.if(this.clockKey, 'Create', '==', 0)
      : client.if(this.clockKey, 'Value', '==', String(version));
  }

  private changeKey(version: number): string {
    return `${this.root}change/${digits(version)}`;
  }

  private get baseKey(): string {
    return `${this.root}base`;
  }
}

function digits(version: number): string {
  return String(version).padStart(VERSION_DIGITS, '0');
}
