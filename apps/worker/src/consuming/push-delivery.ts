/**
 * Delivers the events of groups that have an address: each worker is a member of them, so workers share
 * the shardlets. A batch is events of one shardlet, in order, as a CloudEvents batch; the next one of that
 * shardlet is sent when the receiver has answered 2xx and the checkpoint is committed. Whatever else it
 * answers is tried again, later and later, while the other shardlets go on. A receiver that has seen a
 * `webhook-id` may drop the repetition.
 */
import type { request } from '@foreshard/core/adapters/outgoing-http';
import type { AddressGuard, SignedHeaders } from '@foreshard/core/adapters/webhooks';
import {
  type Batch,
  type Caller,
  type GroupService,
  type GroupStore,
  isRefused,
  type Push,
  WORKER_SUBJECT,
} from '@foreshard/core/consuming';
import { framePayload } from '@foreshard/core/hosts';
import type { Logger } from 'pino';
import { type Backoff, nextBackoff } from './backoff.ts';

export interface PushParts {
  readonly groups: Pick<GroupStore, 'list'>;
  readonly service: Pick<GroupService, 'poll' | 'commit' | 'leave'>;
  /** headers of Standard Webhooks */
  readonly sign: (secret: string, id: string, nowMs: number, body: string) => Readonly<SignedHeaders>;
  readonly request: typeof request;
  /** where nothing may be sent, now: the address behind a name may be another one than when the group was created */
  readonly guard: Pick<AddressGuard, 'lookup' | 'objectionToHost'>;
  /** unlike that of any other worker */
  readonly member: string;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** told for every answer, or 0 where there was none */
  readonly observe: (group: string, status: number, events: number) => void;
  readonly timeoutMs?: number;
}

/** Between two rounds: also how soon a new event leaves when there was none. */
const ROUND_PAUSE_MS = 250;
const BATCH_EVENTS_MAX = 500;
/** The receiver's time to answer; longer than a session it would lose the shardlet meanwhile. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Only the status counts; an answer that is read to its end keeps the connection for the next batch. */
const ANSWER_BYTES_READ = 16_384;

export class PushDelivery {
  private readonly parts: PushParts;
  private readonly backoffs = new Map<string, Backoff>();
  private joined = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private ending = false;

  constructor(parts: PushParts) {
    this.parts = parts;
  }

  start(): void {
    this.timer = setTimeout(() => {
      this.round = this.deliver()
        .catch((error) => this.parts.log.warn({ reason: (error as Error).message }, 'push delivery waits'))
        .then(() => {
          if (!this.ending) this.start();
        });
    }, ROUND_PAUSE_MS);
  }

  /** What is being sent is finished; then other workers take over at once. */
  async stop(): Promise<void> {
    this.ending = true;
    clearTimeout(this.timer);
    await this.round;
    for (const name of this.joined) await this.parts.service.leave(name, this.caller).catch(() => {});
  }

  /** One round over all groups with an address. */
  async deliver(): Promise<void> {
    const groups = await this.parts.groups.list();
    const pushed = groups.filter((group) => group.push !== undefined);
    this.joined = new Set(pushed.map((group) => group.name));
    await Promise.all(pushed.map(({ name, push }) => this.deliverGroup(name, push!)));
  }

  private async deliverGroup(name: string, push: Push): Promise<void> {
    const { service } = this.parts;
    // nothing is held between rounds: a batch that failed is read again
    const poll = await service.poll(name, { ...this.caller, limit: BATCH_EVENTS_MAX, after: new Map() });
    if (isRefused(poll)) return;
    const due = poll.batches.filter((b) => !this.isWaiting(`${name}/${b.shardlet.id}`));
    await Promise.all(due.map((batch) => this.deliverBatch(name, push, batch)));
  }

  private async deliverBatch(name: string, push: Push, batch: Batch): Promise<void> {
    const { service, observe, log, nowMs, random } = this.parts;
    const key = `${name}/${batch.shardlet.id}`;
    const status = batch.records.length === 0 ? 204 : await this.send(name, push, batch);
    observe(name, status, batch.records.length);
    if (status >= 200 && status < 300) {
      this.backoffs.delete(key);
      const { shardlet, through, epoch, assignment } = batch;
      const position = { shardlet: shardlet.id, seq: through, epoch, assignment };
      await service.commit(name, { ...this.caller, positions: [position] });
      return;
    }
    const backoff = nextBackoff(this.backoffs.get(key), nowMs(), random());
    this.backoffs.set(key, backoff);
    const { failures, untilMs } = backoff;
    log.warn({ group: name, shardlet: batch.shardlet.id, status, failures, untilMs }, 'push was not taken');
  }

  private get caller(): Caller {
    return { member: this.parts.member, subject: WORKER_SUBJECT };
  }

  private isWaiting(key: string): boolean {
    return (this.backoffs.get(key)?.untilMs ?? 0) > this.parts.nowMs();
  }

  /** The status; 0: no answer, or an address that nothing may be sent to. */
  private async send(name: string, push: Push, batch: Batch): Promise<number> {
    const body = `[${batch.records.map(({ frame }) => textOf(framePayload(frame))).join(',')}]`;
    const id = `${name}.${batch.shardlet.id}.${batch.records[0]!.seq}.${batch.through}`;
    const { guard } = this.parts;
    const objection = guard.objectionToHost(new URL(push.url).hostname);
    try {
      if (objection !== undefined) throw new Error(objection);
      const { status } = await this.parts.request(push.url, {
        method: 'POST',
        body,
        lookup: guard.lookup,
        keepsConnection: true,
        headers: {
          'content-type': 'application/cloudevents-batch+json',
          'foreshard-shardlet': String(batch.shardlet.id),
          'foreshard-first-seq': String(batch.records[0]!.seq),
          'foreshard-assignment': String(batch.assignment),
          ...this.parts.sign(push.secret, id, this.parts.nowMs(), body),
        },
        timeoutMs: this.parts.timeoutMs ?? ANSWER_TIMEOUT_MS,
        bytesMax: ANSWER_BYTES_READ,
        whenLarger: 'cut',
      });
      return status;
    } catch (error) {
      this.parts.log.debug({ group: name, reason: (error as Error).message }, 'push was not answered');
      return 0;
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
