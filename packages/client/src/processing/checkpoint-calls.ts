/** What a member asks of an edge about the state of its shardlets. Every call may be repeated. */
import type { GroupCalls } from '../consuming/group-calls.ts';
import { BYTES_TYPE, type Call, type Edges, expected, problemOf, type Reply } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import { retrying } from '../edge/retrying.ts';
import type { StoredEvent } from '../events.ts';
import type { KeyRange } from './key-range.ts';

export type CheckpointReason = 'due' | 'interval' | 'revoking' | 'final' | 'closing' | 'asked';

export interface NewCheckpoint {
  readonly shardlet: number;
  readonly assignment: number;
  readonly seq: number;
  readonly epoch: number;
  readonly handlerVersion: string;
  readonly bytes: number;
  readonly digest: string;
  readonly keys: number;
  /** what this one changes: a valid one of the same shardlet */
  readonly base?: string | undefined;
  readonly reason: CheckpointReason;
}

export interface Checkpoint {
  readonly id: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number;
  readonly handlerVersion: string;
  readonly bytes: number;
  readonly digest: string;
  readonly base: string | null;
  readonly keys: number;
}

export type RecoveryStep =
  | {
      readonly kind: 'restore';
      readonly checkpoint: Checkpoint;
      /** only keys of it; else of the shardlet */
      readonly range?: KeyRange | undefined;
    }
  | {
      readonly kind: 'replay';
      /** itself, or an ancestor */
      readonly shardlet: number;
      readonly after: number;
      readonly through: number;
      readonly range?: KeyRange | undefined;
    };

export interface RecoveryPlan {
  readonly committed: { readonly seq: number; readonly epoch: number };
  readonly range: KeyRange;
  /** in this order */
  readonly steps: readonly RecoveryStep[];
  /** events that retention took, where it goes on without them */
  readonly lost?: readonly { readonly shardlet: number; readonly after: number; readonly through: number }[];
}

export interface Replayed {
  readonly events: readonly StoredEvent[];
  readonly through: number;
  readonly done: boolean;
}

export interface Recovered {
  readonly restoreMs: number;
  readonly bytes: number;
  readonly replayedEvents: number;
  readonly replayMs: number;
  readonly fromLog: boolean;
  readonly lostEvents: number;
}

/** Of a shardlet, in one assignment. */
export interface Seat {
  readonly shardlet: number;
  readonly assignment: number;
}

/** Another member has the shardlet. */
export class Fenced extends Error {}

const CONFLICT = 409;
const REPLAY_EVENTS_MAX = 500;

export class CheckpointCalls {
  private readonly edges: Edges;
  private readonly group: GroupCalls;
  private readonly onWaiting: (error: ForeshardError) => void;
  private readonly path: string;

  constructor(edges: Edges, group: GroupCalls, onWaiting: (error: ForeshardError) => void) {
    [this.edges, this.group, this.onWaiting] = [edges, group, onWaiting];
    this.path = `/v1/groups/${encodeURIComponent(group.group)}`;
  }

  /** Announces and uploads it; answers its id when it is valid. @throws Fenced, ForeshardError */
  async store(
    checkpoint: NewCheckpoint,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<string> {
    const { id, put } = await this.ask<{ id: string; put: string }>('checkpoints', checkpoint, signal);
    const call: Call = { method: 'PUT', path: put, body: bytes, contentType: BYTES_TYPE };
    // an upload that is repeated is answered as the first
    expected(fenced(await this.patiently(call, signal)));
    return id;
  }

  async content({ id }: Checkpoint, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const member = encodeURIComponent(this.group.member);
    const path = `${this.path}/checkpoints/${encodeURIComponent(id)}/content?member=${member}`;
    const reply = await this.patiently({ method: 'GET', path, accept: BYTES_TYPE }, signal);
    if (reply.bytes === undefined) throw problemOf(reply);
    return reply.bytes;
  }

  plan({ shardlet, assignment }: Seat, how: object, signal: AbortSignal): Promise<RecoveryPlan> {
    return this.ask('recover', { shardlet, assignment, ...how }, signal);
  }

  /** The next events of a step whose keys are of its range. */
  replay(
    { shardlet, assignment }: Seat,
    { shardlet: of, through, range }: RecoveryStep & { readonly kind: 'replay' },
    after: number,
    signal: AbortSignal,
  ): Promise<Replayed> {
    const part = { of, after, through, limit: REPLAY_EVENTS_MAX, ...(range === undefined ? {} : { range }) };
    return this.ask('replay', { shardlet, assignment, ...part }, signal);
  }

  recovered({ shardlet, assignment }: Seat, times: Recovered, signal: AbortSignal): Promise<void> {
    return this.ask('recovered', { shardlet, assignment, ...times }, signal);
  }

  /** @throws Fenced, ForeshardError */
  private async ask<T>(path: string, asked: object, signal: AbortSignal): Promise<T> {
    const body = JSON.stringify({ member: this.group.member, ...asked });
    const call: Call = {
      method: 'POST',
      path: `${this.path}/${path}`,
      body,
      contentType: 'application/json',
    };
    return expected(fenced(await this.patiently(call, signal)));
  }

  /** Again while it passes. */
  private patiently(call: Call, signal: AbortSignal): Promise<Reply> {
    const what = `${call.method} ${call.path}`;
    return retrying(this.edges, { what, signal, onWaiting: this.onWaiting }, async () => {
      const reply = await this.edges.ask({ ...call, signal });
      if (reply.status < 400) return reply;
      const problem = problemOf(reply);
      if (problem.isPassing) throw problem;
      return reply;
    });
  }
}

function fenced(reply: Reply): Reply {
  if (reply.status === CONFLICT && reply.body?.kind === 'fenced') throw new Fenced('another member has it');
  if (reply.status === CONFLICT && typeof reply.body?.kind === 'string')
    throw new ForeshardError('conflict', `the edge answered: ${reply.body.kind}`, { status: CONFLICT });
  return reply;
}
