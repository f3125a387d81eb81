/**
 * An edge with one group that keeps state, in memory: checkpoints, recovery and replay after the contract, shardlets with ranges
 * and parents. A finished shardlet stays with its member while that names it; its children are given out afterwards.
 */
import { createHash } from 'node:crypto';
import { GroupEdge, type Polled, respond } from '../consuming/group-edge.fixture.ts';
import type { Fetch } from '../edge/edges.ts';
import { keyOf, type StoredEvent } from '../events.ts';
import type { Checkpoint, NewCheckpoint, Recovered, RecoveryStep } from './checkpoint-calls.ts';
import { hashOfKey, type KeyRange } from './key-range.ts';

const WHOLE: KeyRange = { start: { high: 0, low: 0 }, end: { high: 2 ** 32, low: 0 } };

interface Place {
  readonly range: KeyRange;
  readonly parents: readonly number[];
}

interface Row extends Checkpoint {
  readonly assignment: number;
  readonly reason: string;
  readonly member: string;
  state: 'pending' | 'valid';
}

interface Asked extends Omit<NewCheckpoint, 'base'> {
  readonly base?: string | null;
  readonly member: string;
  readonly of: number;
  readonly after: number;
  readonly through: number;
  readonly limit: number;
  readonly range: KeyRange;
  readonly fromLog?: boolean;
  readonly allowLost?: boolean;
  readonly without?: readonly string[];
}

export class StateEdge extends GroupEdge {
  readonly places = new Map<number, Place>();
  readonly rows = new Map<string, Row>();
  readonly objects = new Map<string, Uint8Array>();
  readonly recovered: Recovered[] = [];
  /** all events up to here are past their retention */
  readonly trimmed = new Map<number, number>();
  /** children that wait for their parents, and who gets them */
  private readonly waiting = new Map<number, string>();
  due: readonly { readonly shardlet: number; readonly reason: string }[] = [];
  private ids = 0;

  root(id: number, count: number, member = 'm', range = WHOLE): void {
    this.places.set(id, { range, parents: [] });
    this.shardlet(id, count, 'g', member);
  }

  /** `parents` are closed; the child is given to `member` after they are processed and let go of. */
  child(id: number, parents: readonly number[], range: KeyRange, member = 'm'): void {
    this.places.set(id, { range, parents });
    for (const parent of parents) {
      const shardlet = this.shardlets.get(parent)!;
      shardlet.finalSeq ??= shardlet.events.length;
    }
    this.version++;
    this.shardlet(id, 0);
    this.give(id, undefined);
    this.waiting.set(id, member);
    this.giveChildren();
  }

  valid(): Row[] {
    return [...this.rows.values()].filter(({ state }) => state === 'valid');
  }

  readonly stateFetch: Fetch = async (url, init) => {
    const { pathname } = new URL(url);
    const path = pathname.split('/').slice(4).join('/');
    const answer = this.answers.some((each) => each.path.test(pathname))
      ? undefined
      : this.stateCall(path, init);
    return answer ?? this.fetch(url, init);
  };

  protected override onPoll({ member, after }: Polled): void {
    for (const [id, shardlet] of this.shardlets) {
      const isFinished = shardlet.finalSeq !== undefined && shardlet.committed >= shardlet.finalSeq;
      if (!isFinished || shardlet.member !== member) continue;
      const isHeld = after[id]?.assignment === shardlet.assignment;
      if (isHeld && !shardlet.revoking) this.revoke(id);
      if (!isHeld) this.give(id, undefined);
    }
    this.giveChildren();
  }

  protected override besides({ member }: Polled): object {
    const checkpointsDue = this.due.filter(({ shardlet }) => this.shardlets.get(shardlet)?.member === member);
    return checkpointsDue.length === 0 ? {} : { checkpointsDue };
  }

  private giveChildren(): void {
    for (const [id, member] of this.waiting) {
      const isDone = this.places.get(id)!.parents.every((parent) => {
        const { finalSeq, committed, member: holder } = this.shardlets.get(parent)!;
        return (
          finalSeq !== undefined && committed >= finalSeq && holder === undefined && !this.waiting.has(parent)
        );
      });
      if (!isDone) continue;
      this.waiting.delete(id);
      this.give(id, this.heir(member));
    }
  }

  private stateCall(path: string, { method, body }: RequestInit): Response | undefined {
    const content = /^checkpoints\/([^/]+)\/content$/.exec(path);
    if (content !== null)
      return method === 'PUT' ? this.upload(content[1]!, body as Uint8Array) : this.download(content[1]!);
    const one = /^checkpoints\/([^/]+)$/.exec(path);
    if (one !== null)
      return this.rows.has(one[1]!) ? respond(200, this.rows.get(one[1]!)!) : missing(one[1]!);
    const call = CALLS[path];
    return call?.(this, JSON.parse(String(body)));
  }

  fence({ shardlet, assignment, member }: Asked): Response | undefined {
    const found = this.shardlets.get(shardlet);
    if (found?.assignment === assignment && found.member === member) return undefined;
    return respond(409, { kind: 'fenced', assignment: found?.assignment ?? 0 });
  }

  announce({ base: named, ...asked }: Asked): Response {
    const base = named ?? null;
    const { committed } = this.shardlets.get(asked.shardlet)!;
    if (asked.seq > committed) return respond(409, { kind: 'ahead', committed });
    if (base !== null && !this.isBase(base, asked.shardlet))
      return respond(409, { code: 'conflict', status: 409, detail: 'the base is not valid' });
    const id = `c${++this.ids}`;
    this.rows.set(id, { ...asked, base, id, state: 'pending' });
    return respond(201, { id, put: `/v1/groups/g/checkpoints/${id}/content` });
  }

  private isBase(id: string, shardlet: number): boolean {
    const base = this.rows.get(id);
    return base?.state === 'valid' && base.shardlet === shardlet && this.chainOf(base).length <= 8;
  }

  private upload(id: string, bytes: Uint8Array): Response {
    const row = this.rows.get(id);
    if (row === undefined) return respond(409, { kind: 'gone' });
    const fenced = this.fence(row as unknown as Asked);
    if (fenced !== undefined) return fenced;
    const digest = `sha-256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (digest !== row.digest || bytes.length !== row.bytes)
      return respond(400, { code: 'invalid_parameter', status: 400, detail: 'not what was announced' });
    row.state = 'valid';
    this.objects.set(id, bytes);
    return respond(200, row);
  }

  private download(id: string): Response {
    const bytes = this.objects.get(id);
    return bytes === undefined ? missing(id) : new Response(bytes as Uint8Array<ArrayBuffer>);
  }

  plan(asked: Asked): Response {
    const { shardlet, fromLog = false, allowLost = false, without = [] } = asked;
    const { committed } = this.shardlets.get(shardlet)!;
    const { range } = this.places.get(shardlet)!;
    const usable = fromLog ? [] : this.valid().filter(({ id }) => !without.includes(id));
    const all = this.steps(usable, shardlet, committed, range);
    const isLost = (step: RecoveryStep): boolean =>
      step.kind === 'replay' && step.after < (this.trimmed.get(step.shardlet) ?? 0);
    const lost = all.filter(isLost);
    if (lost.length > 0 && !allowLost)
      return respond(409, {
        code: 'state_lost',
        status: 409,
        detail: `shardlet ${shardlet}: past retention`,
      });
    return respond(200, { committed: { seq: committed, epoch: 1 }, range, steps: all, lost });
  }

  private steps(usable: readonly Row[], id: number, through: number, range: KeyRange): RecoveryStep[] {
    const { parents } = this.places.get(id)!;
    const newest = usable
      .filter(({ shardlet, seq }) => shardlet === id && seq <= through)
      // a delta is as good as what it is based on
      .filter((row) => this.chainOf(row).every((one) => usable.includes(one)))
      .sort((a, b) => b.seq - a.seq || Number(b.id.slice(1)) - Number(a.id.slice(1)))[0];
    const rest: RecoveryStep[] =
      (newest?.seq ?? 0) < through
        ? [{ kind: 'replay', shardlet: id, after: newest?.seq ?? 0, through, range }]
        : [];
    if (newest !== undefined)
      return [
        ...this.chainOf(newest).map((checkpoint) => ({ kind: 'restore' as const, checkpoint, range })),
        ...rest,
      ];
    const before = parents.flatMap((parent) => {
      const common = intersection(this.places.get(parent)!.range, range);
      return common === undefined
        ? []
        : this.steps(usable, parent, this.shardlets.get(parent)!.finalSeq!, common);
    });
    return [...before, ...rest];
  }

  private chainOf(row: Row): Row[] {
    return row.base === null ? [row] : [...this.chainOf(this.rows.get(row.base)!), row];
  }

  events({ of, after, through, limit, range }: Asked): Response {
    const from = Math.max(after, this.trimmed.get(of) ?? 0);
    const looked = this.shardlets
      .get(of)!
      .events.filter(({ seq }) => seq > from && seq <= through)
      .slice(0, limit);
    const last = looked.at(-1)?.seq ?? through;
    const events = looked.filter((stored) => isIn(range, stored));
    return respond(200, { events, through: last, done: last >= through });
  }
}

const CALLS: Readonly<Record<string, (edge: StateEdge, asked: Asked) => Response>> = {
  checkpoints: (edge, asked) => edge.fence(asked) ?? edge.announce(asked),
  recover: (edge, asked) => edge.fence(asked) ?? edge.plan(asked),
  replay: (edge, asked) => edge.fence(asked) ?? edge.events(asked),
  recovered: (edge, asked) => {
    edge.recovered.push(asked as unknown as Recovered);
    return new Response(null, { status: 204 });
  },
};

function missing(id: string): Response {
  return respond(404, { code: 'not_found', status: 404, detail: `no checkpoint ${id}` });
}

function isIn({ start, end }: KeyRange, { event }: StoredEvent): boolean {
  const hash = hashOfKey(keyOf(event));
  return hash >= start.high && hash < end.high;
}

function intersection(a: KeyRange, b: KeyRange): KeyRange | undefined {
  const start = a.start.high > b.start.high ? a.start : b.start;
  const end = a.end.high < b.end.high ? a.end : b.end;
  return start.high < end.high ? { start, end } : undefined;
}

export const LEFT: KeyRange = { start: WHOLE.start, end: { high: 2 ** 31, low: 0 } };
export const RIGHT: KeyRange = { start: LEFT.end, end: WHOLE.end };
export { WHOLE };
