/**
 * Delivers the events of groups that have an address: each worker is a member of them, so workers share
 * the shardlets. A batch is events of one shardlet, in order, as a CloudEvents batch; the next one of that
 * shardlet is sent when the receiver has answered 2xx and the checkpoint is committed. Whatever else it
 * answers is tried again, later and later, while the other shardlets go on; where the group says after how many
 * attempts, the event that is refused becomes a dead letter. A receiver that has seen a `webhook-id` may drop the
 * repetition. In a group with the order `log` a worker has one post under way at a time, and what is refused holds up
 * all that the worker has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { request } from '@foreshard/core/adapters/outgoing-http';
import type { AddressGuard, SignedHeaders } from '@foreshard/core/adapters/webhooks';
import {
  type Batch,
  type Caller,
  type DeadLetters,
  type Group,
  type GroupService,
  type GroupStore,
  type Held,
  isRefused,
  type Push,
  redrivenIn,
  textOf,
  WORKER_SUBJECT,
} from '@foreshard/core/consuming';
import type { Logger } from 'pino';
import { type Backoff, nextBackoff } from './backoff.ts';
import { PushSuspects } from './push-suspects.ts';

export interface PushParts {
  readonly groups: Pick<GroupStore, 'list'>;
  readonly service: Pick<GroupService, 'poll' | 'commit' | 'leave'>;
  readonly letters: Pick<DeadLetters, 'giveUp'>;
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

/** How soon a group that was created, or removed, is noticed. */
const LIST_PAUSE_MS = 1_000;
/** A wait for events ends so late at most; new ones end it at once. */
const WAIT_MS_MAX = 5_000;
/** After a failure of the store, or of the group. */
const RETRY_PAUSE_MS = 1_000;
const BATCH_EVENTS_MAX = 500;
/** Posts of one group on their way at a time: each holds a batch in memory. */
const POSTS_MAX = 64;
/** The receiver's time to answer; longer than a session it would lose the shardlet meanwhile. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Only the status counts; an answer that is read to its end keeps the connection for the next batch. */
const ANSWER_BYTES_READ = 16_384;

/** One group that is delivered. */
interface Delivered {
  /** as it was listed last */
  group: PushedGroup;
  /** by shardlet: what is being posted */
  readonly posting: Map<number, Batch>;
  readonly ended: AbortController;
  /** ends the wait for events: a post is over */
  wake: () => void;
}

export class PushDelivery {
  private readonly parts: PushParts;
  private readonly backoffs = new Map<string, Backoff>();
  private readonly delivered = new Map<string, Delivered>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly suspects = new PushSuspects();
  private timer: NodeJS.Timeout | undefined;
  private listing: Promise<void> = Promise.resolve();
  private ending = false;

  constructor(parts: PushParts) {
    this.parts = parts;
  }

  start(): void {
    this.listing = this.followGroups()
      .catch((error) => this.parts.log.warn({ reason: (error as Error).message }, 'push delivery waits'))
      .then(() => {
        if (!this.ending) this.timer = setTimeout(() => this.start(), LIST_PAUSE_MS);
      });
  }

  /** What is being sent is finished; then other workers take over at once. */
  async stop(): Promise<void> {
    this.ending = true;
    clearTimeout(this.timer);
    await this.listing;
    for (const { ended } of this.delivered.values()) ended.abort();
    await Promise.all(this.running.values());
    for (const name of this.delivered.keys())
      await this.parts.service.leave(name, this.caller).catch(() => {});
  }

  /** One round over all groups with an address, without waiting for events; what it finds is posted to the end. */
  async deliver(): Promise<void> {
    const pushed = pushedGroups(await this.parts.groups.list());
    await Promise.all(
      pushed.map(async (group) => {
        await Promise.all(await this.deliverGroup(this.deliveredOf(group), 0));
      }),
    );
  }

  /** Starts with groups that are new, and ends those that are gone. */
  private async followGroups(): Promise<void> {
    const pushed = pushedGroups(await this.parts.groups.list());
    const names = new Set(pushed.map((group) => group.name));
    for (const [name, { ended }] of this.delivered) {
      if (names.has(name)) continue;
      ended.abort();
      this.delivered.delete(name);
    }
    for (const group of pushed) {
      const { name } = group;
      const delivered = this.deliveredOf(group);
      if (this.running.has(name) || this.ending) continue;
      const done = this.follow(delivered).finally(() => this.running.delete(name));
      this.running.set(name, done);
    }
  }

  private deliveredOf(group: PushedGroup): Delivered {
    let known = this.delivered.get(group.name);
    if (known === undefined) {
      known = { group, posting: new Map(), ended: new AbortController(), wake: () => {} };
      this.delivered.set(group.name, known);
    }
    known.group = group;
    return known;
  }

  /** Until the group is gone or the worker ends; then what is being posted is waited for. */
  private async follow(delivered: Delivered): Promise<void> {
    const posts = new Set<Promise<void>>();
    const { ended } = delivered;
    while (!ended.signal.aborted) {
      const started = await this.deliverGroup(delivered, WAIT_MS_MAX).catch(async (error: Error) => {
        this.parts.log.warn({ group: delivered.group.name, reason: error.message }, 'push delivery waits');
        await pause(RETRY_PAUSE_MS, ended.signal);
        return [];
      });
      for (const post of started) {
        posts.add(post);
        void post.finally(() => posts.delete(post));
      }
    }
    await Promise.all(posts);
  }

  /** Posts what there is, with at most one post of a shardlet under way; answers those that it began. */
  private async deliverGroup(delivered: Delivered, waitMs: number): Promise<Promise<void>[]> {
    if (delivered.group.order === 'log') return this.deliverInOrder(delivered, waitMs).then(() => []);
    const { service, nowMs } = this.parts;
    const { group, posting, ended } = delivered;
    const { name } = group;
    const woken = new AbortController();
    delivered.wake = () => woken.abort();
    const { waiting, untilMs } = this.waitingOf(name);
    if (posting.size >= POSTS_MAX) {
      // the commits of what is being posted are signs of life
      await pause(RETRY_PAUSE_MS, woken.signal);
      return [];
    }
    const poll = await service.poll(name, {
      ...{ ...this.caller, limit: BATCH_EVENTS_MAX, after: heldOf(posting) },
      except: new Set([...waiting, ...posting.keys()]),
      waitMs: Math.max(0, Math.min(waitMs, untilMs - nowMs())),
      signal: AbortSignal.any([woken.signal, ended.signal]),
    });
    if (isRefused(poll)) {
      if (waitMs > 0) await pause(RETRY_PAUSE_MS, ended.signal);
      return [];
    }
    return poll.batches.map((batch) => this.post(delivered, batch));
  }

  /** Run after run, to the first that is not taken as a whole: from there it is read again. */
  private async deliverInOrder({ group, ended }: Delivered, waitMs: number): Promise<void> {
    const { service, nowMs } = this.parts;
    const { waiting, untilMs } = this.waitingOf(group.name);
    const isWaiting = waiting.length > 0;
    // a sign of life also while it waits
    const poll = await service.poll(group.name, {
      ...{ ...this.caller, limit: BATCH_EVENTS_MAX, after: new Map() },
      ...{ waitMs: isWaiting ? 0 : waitMs, signal: ended.signal },
    });
    if (isRefused(poll) || isWaiting) {
      const pauseMs = isWaiting ? Math.min(RETRY_PAUSE_MS, untilMs - nowMs()) : RETRY_PAUSE_MS;
      if (waitMs > 0) await pause(pauseMs, ended.signal);
      return;
    }
    for (const batch of poll.batches)
      if (ended.signal.aborted || !(await this.deliverBatch(group, batch))) return;
  }

  private async post(delivered: Delivered, batch: Batch): Promise<void> {
    const { group, posting } = delivered;
    const { id } = batch.shardlet;
    posting.set(id, batch);
    try {
      await this.deliverBatch(group, batch);
    } catch (error) {
      // what is not committed is read again
      this.parts.log.warn({ group: group.name, reason: (error as Error).message }, 'push delivery waits');
    } finally {
      posting.delete(id);
      delivered.wake();
    }
  }

  /** Shardlets whose time has not come, and when it has for the first of them. */
  private waitingOf(name: string): { readonly waiting: readonly number[]; readonly untilMs: number } {
    const nowMs = this.parts.nowMs();
    const waiting: number[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    for (const [key, backoff] of this.backoffs) {
      if (!key.startsWith(`${name}/`) || backoff.untilMs <= nowMs) continue;
      waiting.push(Number(key.slice(name.length + 1)));
      untilMs = Math.min(untilMs, backoff.untilMs);
    }
    return { waiting, untilMs };
  }

  /** Whether all of it is taken, or given up, and committed. */
  private async deliverBatch(group: PushedGroup, batch: Batch): Promise<boolean> {
    const { observe } = this.parts;
    const { name } = group;
    const key = `${name}/${batch.shardlet.id}`;
    const events = eventsOf(group, batch);
    const part = this.suspects.partOf(key, events);
    const through = part.length === events.length ? batch.through : part.at(-1)!.seq;
    const status = part.length === 0 ? 204 : await this.send(name, group.push, batch, part);
    observe(name, status, part.length);
    const isWhole = through === batch.through;
    if (status >= 200 && status < 300) return (await this.commit(name, batch, through)) && isWhole;
    const verdict = this.suspects.refused(key, part, status, group.attempts);
    if (verdict === 'given up' && (await this.isGivenUp(group, batch, part[0]!, status)))
      return (await this.commit(name, batch, through)) && isWhole;
    if (verdict !== 'halved') this.wait(key, status);
    return false;
  }

  /** `false`: another worker has the shardlet. */
  private async commit(name: string, { shardlet, epoch, assignment }: Batch, seq: number): Promise<boolean> {
    const key = `${name}/${shardlet.id}`;
    this.backoffs.delete(key);
    this.suspects.passed(key, seq);
    const position = { shardlet: shardlet.id, seq, epoch, assignment };
    const reply = await this.parts.service.commit(name, { ...this.caller, positions: [position] });
    return !isRefused(reply) && reply[0]!.kind === 'committed';
  }

  private async isGivenUp(
    group: PushedGroup,
    { shardlet }: Batch,
    { seq, ts, stored: text }: PushedEvent,
    status: number,
  ): Promise<boolean> {
    const { letters, member, log } = this.parts;
    const attempts = group.attempts!;
    const reason = `The receiver answered ${status}.`;
    const event = { shardlet: shardlet.id, seq, ts, text };
    try {
      const { letter } = await letters.giveUp(group, event, { reason, attempts, member });
      log.warn({ group: group.name, shardlet: shardlet.id, seq, status, letter }, 'event given up');
      return true;
    } catch (error) {
      log.warn({ group: group.name, seq, reason: (error as Error).message }, 'an event was not given up');
      return false;
    }
  }

  private wait(key: string, status: number): void {
    const { log, nowMs, random } = this.parts;
    const backoff = nextBackoff(this.backoffs.get(key), nowMs(), random());
    this.backoffs.set(key, backoff);
    const { failures, untilMs } = backoff;
    log.warn({ of: key, status, failures, untilMs }, 'push was not taken');
  }

  private get caller(): Caller {
    return { member: this.parts.member, subject: WORKER_SUBJECT };
  }

  /** The status; 0: no answer, or an address that nothing may be sent to. */
  private async send(
    name: string,
    push: Push,
    batch: Batch,
    events: readonly PushedEvent[],
  ): Promise<number> {
    const body = `[${events.map(({ text }) => text).join(',')}]`;
    const id = `${name}.${batch.shardlet.id}.${events[0]!.seq}.${events.at(-1)!.seq}`;
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
          'foreshard-first-seq': String(events[0]!.seq),
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

interface PushedGroup extends Group {
  readonly push: Push;
}

/** What is re-driven of a group goes to its address, under its rules. */
function pushedGroups(groups: readonly Group[]): PushedGroup[] {
  return groups.flatMap((group) => {
    const { push, attempts } = groups.find(({ name }) => name === group.redriveOf) ?? group;
    return push === undefined ? [] : [{ ...group, push, ...(attempts === undefined ? {} : { attempts }) }];
  });
}

interface PushedEvent {
  readonly seq: number;
  readonly ts: number;
  /** as it is posted */
  readonly text: string;
  /** as the log holds it */
  readonly stored: string;
}

/** Of the stream of dead letters only what is re-driven, as the event that it was. */
function eventsOf({ redriveOf }: Group, { records }: Batch): PushedEvent[] {
  return records.flatMap((record) => {
    const { seq, ts } = record;
    const stored = textOf(record);
    const text = redriveOf === undefined ? stored : redrivenIn(stored);
    return text === undefined ? [] : [{ seq, ts, text, stored }];
  });
}

/** The member has not done with these: they are not given to another worker meanwhile. */
function heldOf(posting: ReadonlyMap<number, Batch>): Map<number, Held> {
  return new Map(
    [...posting].map(([shardlet, { through: seq, assignment }]) => [shardlet, { seq, assignment }]),
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
