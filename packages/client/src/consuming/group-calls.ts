/** What a member of a consumer group asks of an edge. Every call may be repeated. */
import { type Call, type Edges, expected, problemOf } from '../edge/edges.ts';
import type { StoredEvent } from '../events.ts';

/** Events of one shardlet, in order. */
export interface GroupBatch {
  readonly shardlet: number;
  /** which giving of the shardlet to this member; a higher one is a later one */
  readonly assignment: number;
  readonly epoch: number;
  /** the seq to commit when all of it is processed */
  readonly through: number;
  /** events before the first one that were past their retention, and are never given to the group */
  readonly skipped: number;
  readonly events: readonly StoredEvent[];
}

export interface Assigned {
  readonly shardlet: number;
  readonly assignment: number;
  /** the committed position */
  readonly seq: number;
  readonly epoch: number;
  /** it goes to another member when what this one holds of it is committed */
  readonly revoking: boolean;
  /** of a group that keeps state: the last seq of a shardlet that is closed */
  readonly finalSeq?: number | undefined;
}

/** A shardlet of the member whose checkpoint is due. */
export interface CheckpointDue {
  readonly shardlet: number;
  readonly reason: string;
}

export interface GroupPoll {
  /** higher with every change of an assignment */
  readonly version: number;
  /** undefined: as the version that the poll has named */
  readonly assigned?: readonly Assigned[] | undefined;
  readonly batches: readonly GroupBatch[];
  /** `log`: batches are to be handled one after the other */
  readonly order?: 'log' | undefined;
  /** with `order: log`: hosts that do not answer, and hold back the events of the others */
  readonly waitingFor?: readonly { readonly host: number; readonly name: string | null }[] | undefined;
  /** the edge whose caches are warm for this member */
  readonly preferredEdge?: string | undefined;
  /** of a group that keeps state */
  readonly checkpointsDue?: readonly CheckpointDue[] | undefined;
}

export interface PollRequest {
  /** the highest one of an answer */
  readonly version?: number | undefined;
  readonly limit: number;
  readonly wait: number;
  readonly after: Readonly<Record<string, { readonly seq: number; readonly assignment: number }>>;
}

export interface Position {
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number;
  readonly assignment: number;
}

export type CommitResult =
  | { readonly kind: 'committed' }
  | { readonly kind: 'fenced'; readonly assignment: number }
  | { readonly kind: 'behind'; readonly seq: number };

export interface NewGroup {
  readonly stream: string;
  readonly from?: 'oldest' | 'now' | undefined;
  readonly sessionMs?: number | undefined;
  readonly order?: 'key' | 'log' | undefined;
  /** the group keeps state */
  readonly checkpoints?: CheckpointSettings | undefined;
}

/** When checkpoints are due, and which are kept. What is left out has the default of the edge. */
export interface CheckpointSettings {
  /** what is bounded: the backlog after a failure, or the cost of checkpoints and replay */
  readonly aim?: 'backlog' | 'cost' | undefined;
  /** events of backlog when a replacement is ready */
  readonly checkpoint_threshold?: number | undefined;
  /** minutes */
  readonly prediction_horizon?: number | undefined;
  /** hours between failures of a member */
  readonly failure_interval?: number | undefined;
  /** the share of its time that a member may spend on checkpoints */
  readonly checkpoint_share_max?: number | undefined;
  readonly keep_count?: number | undefined;
  readonly keep_hours?: number | undefined;
  /** retention waits for the newest checkpoint, instead of an alarm only */
  readonly hold_retention?: boolean | undefined;
  /** two states of one key can be merged; set when there is `merge` */
  readonly merges?: boolean | undefined;
}

export interface Letter {
  readonly shardlet: number;
  readonly seq: number;
  readonly assignment: number;
  readonly reason: string;
  readonly attempts: number;
}

const BAD_REQUEST = 400;
const CONFLICT = 409;
const JSON_TYPE = 'application/json';

export class GroupCalls {
  private readonly edges: Edges;
  private readonly path: string;
  readonly group: string;
  readonly member: string;
  /** where polls go, in the place of the edge that all calls use */
  edge: string | undefined;
  /** an edge of an earlier release refuses the version */
  private namesVersion = true;

  constructor(edges: Edges, group: string, member: string) {
    this.edges = edges;
    this.group = group;
    this.member = member;
    this.path = `/v1/groups/${encodeURIComponent(group)}`;
  }

  /** Also well when there is one of this name already. */
  async create(group: NewGroup, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify({ name: this.group, ...group });
    const reply = await this.edges.ask({ ...post('/v1/groups', body), signal });
    if (reply.status !== CONFLICT || reply.body?.code !== 'conflict') expected(reply);
  }

  /** `size`: characters of the answer. */
  async poll(
    { version, ...request }: PollRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly poll: GroupPoll; readonly size: number }> {
    const named = this.namesVersion && version !== undefined;
    const body = JSON.stringify({ member: this.member, ...request, ...(named ? { version } : {}) });
    const call = post(`${this.path}/poll`, body);
    const reply = await this.edges.ask({ ...call, waitMs: request.wait, signal, edge: this.edge });
    if (named && reply.status === BAD_REQUEST && reply.body?.code === 'invalid_parameter') {
      this.namesVersion = false;
      return this.poll(request, signal);
    }
    return { poll: expected(reply), size: reply.size };
  }

  /** One result a position. */
  async commit(positions: readonly Position[], signal?: AbortSignal): Promise<readonly CommitResult[]> {
    const body = JSON.stringify({ member: this.member, positions });
    const reply = await this.edges.ask({ ...post(`${this.path}/commit`, body), signal, edge: this.edge });
    // some are fenced; each position has its own result
    if (reply.status === CONFLICT && Array.isArray(reply.body?.results)) return reply.body.results;
    return expected(reply).results;
  }

  async leave(signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify({ member: this.member });
    const reply = await this.edges.ask({ ...post(`${this.path}/leave`, body), timeoutMs: LEAVE_MS, signal });
    if (reply.status >= 300) throw problemOf(reply);
  }

  /** The edge reads the event itself and stores it as a dead letter. False: another member has the shardlet. */
  async deadLetter(letter: Letter, signal?: AbortSignal): Promise<boolean> {
    const body = JSON.stringify({ member: this.member, ...letter });
    const call = post(`${this.path}/dead-letters`, body);
    const reply = await this.edges.ask({ ...call, signal, edge: this.edge });
    if (reply.status === CONFLICT && reply.body?.kind === 'fenced') return false;
    expected(reply);
    return true;
  }
}

/** Whoever leaves does not wait long for it: the session ends by itself. */
const LEAVE_MS = 5_000;

function post(path: string, body: string): Call {
  return { method: 'POST', path, body, contentType: JSON_TYPE };
}
