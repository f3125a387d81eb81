/** A member that keeps the ids of the events of each key, over plain HTTP: so that each has to be there once, in order. */
import { createHash } from 'node:crypto';
import { hashKey } from '@foreshard/core/keyspace';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
}

export interface Asking {
  readonly url: () => string;
  readonly token: () => string;
}

export interface Assigned {
  readonly shardlet: number;
  readonly assignment: number;
  readonly seq: number;
  readonly epoch: number;
  readonly revoking: boolean;
  readonly finalSeq?: number;
}

interface Held {
  readonly assignment: number;
  seq: number;
  epoch: number;
  state: Map<string, string[]>;
  /** the last valid checkpoint, and what it holds: what a delta is based on */
  base?: { readonly id: string; readonly state: Map<string, string[]> };
}

interface StoredEvent {
  readonly seq: number;
  readonly event: { readonly id: string; readonly subject: string };
}

type Content = readonly (readonly [key: string, ids: readonly string[]])[];

export class StatefulMember {
  readonly held = new Map<number, Held>();
  /** those of the last answer */
  assigned: readonly Assigned[] = [];
  /** how many events were replayed, and contents restored */
  replayed = 0;
  restored = 0;
  readonly group: string;
  readonly member: string;
  private readonly asking: Asking;

  constructor(asking: Asking, group: string, member: string) {
    this.asking = asking;
    this.group = group;
    this.member = member;
  }

  async ask(method: string, path: string, body?: object | Uint8Array): Promise<Reply> {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(`${this.asking.url()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.asking.token()}`,
        ...(body === undefined
          ? {}
          : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body === undefined ? {} : { body: isBytes ? Uint8Array.from(body) : JSON.stringify(body) }),
    });
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, body: isJson ? JSON.parse(bytes.toString()) : bytes };
  }

  at(path: string): string {
    return `/v1/groups/${this.group}/${path}`;
  }

  /** Polls, restores what is new, and processes what came; commits when it is asked to. */
  async turn({ commits = true, wait = 0 } = {}): Promise<number> {
    const { status, body } = await this.ask('POST', this.at('poll'), {
      ...{ member: this.member, wait },
      after: Object.fromEntries([...this.held].map(([id, { seq, assignment }]) => [id, { seq, assignment }])),
    });
    if (status !== 200) throw new Error(`poll: ${status} ${JSON.stringify(body)}`);
    this.assigned = body.assigned;
    await this.follow();
    let events = 0;
    for (const batch of body.batches) {
      const held = this.held.get(batch.shardlet);
      if (held === undefined || held.assignment !== batch.assignment) continue;
      for (const one of batch.events) if (one.seq > held.seq) take(held.state, one);
      held.seq = Math.max(held.seq, batch.through);
      held.epoch = batch.epoch;
      events += batch.events.length;
    }
    if (commits) await this.commit();
    return events;
  }

  async commit(): Promise<Reply | undefined> {
    const positions = [...this.held].map(([shardlet, { seq, epoch, assignment }]) => {
      return { shardlet, seq, epoch, assignment };
    });
    if (positions.length === 0) return undefined;
    return this.ask('POST', this.at('commit'), { member: this.member, positions });
  }

  /** Lets go of what it is asked for, with a last checkpoint. */
  async letGo(): Promise<void> {
    for (const { shardlet, revoking, finalSeq, seq } of this.assigned) {
      const isOver = finalSeq !== undefined && seq >= finalSeq;
      if (!revoking || !this.held.has(shardlet)) continue;
      await this.checkpoint(shardlet, isOver ? 'final' : 'revoking');
      this.held.delete(shardlet);
    }
  }

  announce(shardlet: number, more: object = {}): Promise<Reply> {
    const { assignment, seq, epoch, state } = this.held.get(shardlet)!;
    const content = contentOf(state);
    return this.ask('POST', this.at('checkpoints'), {
      ...{ member: this.member, shardlet, assignment, seq, epoch, handlerVersion: '1' },
      ...{ bytes: content.length, digest: digestOf(content), keys: state.size, reason: 'asked' },
      ...more,
    });
  }

  upload(id: string, content: Uint8Array): Promise<Reply> {
    return this.ask('PUT', this.at(`checkpoints/${id}/content`), content);
  }

  /** `delta`: of what changed since the last one. */
  async checkpoint(shardlet: number, reason = 'asked', delta = false): Promise<Reply> {
    const held = this.held.get(shardlet)!;
    const base = delta ? held.base : undefined;
    const changed = new Map(
      [...held.state].filter(([key, ids]) => base?.state.get(key)?.length !== ids.length),
    );
    const content = contentOf(base === undefined ? held.state : changed);
    const announced = await this.announce(shardlet, {
      ...{ reason, bytes: content.length, digest: digestOf(content) },
      ...(base === undefined ? {} : { base: base.id }),
    });
    if (announced.status !== 201) return announced;
    const uploaded = await this.upload(announced.body.id, content);
    if (uploaded.status === 200) held.base = { id: announced.body.id, state: copyOf(held.state) };
    return uploaded;
  }

  recover(shardlet: number, assignment: number, more: object = {}): Promise<Reply> {
    const asked = { member: this.member, shardlet, assignment, handlerVersion: '1', ...more };
    return this.ask('POST', this.at('recover'), asked);
  }

  /** All of it, by key. */
  get state(): Map<string, string[]> {
    const all = new Map<string, string[]>();
    for (const { state } of this.held.values())
      for (const [key, ids] of state) all.set(key, [...(all.get(key) ?? []), ...ids]);
    return all;
  }

  private async follow(): Promise<void> {
    const now = new Map(this.assigned.map((one) => [one.shardlet, one.assignment]));
    for (const [id, { assignment }] of this.held) if (now.get(id) !== assignment) this.held.delete(id);
    for (const { shardlet, assignment, revoking } of this.assigned)
      if (!revoking && !this.held.has(shardlet)) await this.restore(shardlet, assignment);
  }

  private async restore(shardlet: number, assignment: number): Promise<void> {
    const { status, body: plan } = await this.recover(shardlet, assignment);
    if (status === 409 && plan.kind === 'fenced') return;
    if (status !== 200) throw new Error(`recover: ${status} ${JSON.stringify(plan)}`);
    const state = new Map<string, string[]>();
    let chain = new Map<string, string[]>();
    for (const step of plan.steps) {
      // one that is whole begins another part of the state
      if (step.kind === 'replay' || step.checkpoint.base === null) chain = merged(state, chain);
      if (step.kind === 'restore') await this.restoreStep(step, chain);
      else if (!(await this.replayStep(shardlet, assignment, step, state))) return;
    }
    merged(state, chain);
    await this.ask('POST', this.at('recovered'), {
      ...{
        member: this.member,
        shardlet,
        assignment,
        restoreMs: 1,
        bytes: 1,
        replayedEvents: 1,
        replayMs: 1,
      },
    });
    this.held.set(shardlet, { assignment, seq: plan.committed.seq, epoch: plan.committed.epoch, state });
  }

  // biome-ignore lint/suspicious/noExplicitAny: as it was answered
  private async restoreStep({ checkpoint, range }: any, state: Map<string, string[]>): Promise<void> {
    const path = this.at(`checkpoints/${checkpoint.id}/content?member=${this.member}`);
    const { status, body } = await this.ask('GET', path);
    if (status !== 200 || digestOf(body) !== checkpoint.digest)
      throw new Error(`content of ${checkpoint.id}: ${status}`);
    const content: Content = JSON.parse(body.toString());
    for (const [key, ids] of content) if (isIn(range, key)) state.set(key, [...ids]);
    this.restored++;
  }

  private async replayStep(
    shardlet: number,
    assignment: number,
    // biome-ignore lint/suspicious/noExplicitAny: as it was answered
    step: any,
    state: Map<string, string[]>,
  ): Promise<boolean> {
    const { shardlet: of, through, range } = step;
    for (let after = step.after; ; ) {
      const { status, body } = await this.ask('POST', this.at('replay'), {
        ...{ member: this.member, shardlet, assignment, of, after, through, range, limit: 7 },
      });
      if (status === 409 && body.kind === 'fenced') return false;
      if (status !== 200) throw new Error(`replay: ${status} ${JSON.stringify(body)}`);
      for (const one of body.events) take(state, one);
      this.replayed += body.events.length;
      after = body.through;
      if (body.done) return true;
    }
  }
}

function take(state: Map<string, string[]>, { event: { id, subject } }: StoredEvent): void {
  const ids = state.get(subject);
  if (ids === undefined) state.set(subject, [id]);
  else ids.push(id);
}

// biome-ignore lint/suspicious/noExplicitAny: as it was answered
function isIn({ start, end }: any, key: string): boolean {
  const high = hashKey(key);
  return (start.high < high || (start.high === high && start.low === 0)) && high < end.high;
}

/** Two parts of the state of one key are there where a stream splits keys. Answers an empty part. */
function merged(state: Map<string, string[]>, part: ReadonlyMap<string, string[]>): Map<string, string[]> {
  for (const [key, ids] of part) state.set(key, [...(state.get(key) ?? []), ...ids]);
  return new Map();
}

function copyOf(state: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  return new Map([...state].map(([key, ids]) => [key, [...ids]]));
}

export function contentOf(state: ReadonlyMap<string, readonly string[]>): Uint8Array {
  const content = [...state].sort(([a], [b]) => (a < b ? -1 : 1)) satisfies Content;
  return Buffer.from(JSON.stringify(content));
}

export function digestOf(content: Uint8Array): string {
  return `sha-256:${createHash('sha256').update(content).digest('hex')}`;
}
