/** An edge with one group in memory: shardlets with events, given to members by the test. */
import { Edges, type EdgesOptions, type Fetch } from '../edge/edges.ts';
import type { StoredEvent } from '../events.ts';
import type { CommitResult, Letter, Position } from './group-calls.ts';

export interface Shardlet {
  readonly group: string;
  readonly events: StoredEvent[];
  member: string | undefined;
  assignment: number;
  revoking: boolean;
  committed: number;
  /** closed */
  finalSeq?: number;
  /** who gets it when its member lets go of it; `other` */
  heir?: string;
}

export interface Polled {
  readonly member: string;
  readonly limit: number;
  readonly wait: number;
  readonly version?: number;
  readonly after: Readonly<Record<string, { readonly seq: number; readonly assignment: number }>>;
}

type Body = Polled & Letter & { readonly positions: readonly Position[]; readonly name: string };

export class GroupEdge {
  readonly shardlets = new Map<number, Shardlet>();
  readonly polls: Polled[] = [];
  readonly left: string[] = [];
  readonly letters: Letter[] = [];
  readonly created: Body[] = [];
  version = 1;
  /** answers of this kind come first: a status and a body */
  readonly answers: {
    readonly path: RegExp;
    readonly status: number;
    readonly body: unknown;
    readonly headers?: Record<string, string>;
  }[] = [];
  /** groups that are not there */
  readonly absent = new Set<string>(['g.redrive']);
  preferredEdge: string | undefined;
  /** in the place of who was to get it */
  heir = (member: string): string => member;
  readonly urls: string[] = [];

  /** `count` events, given to `member`. */
  shardlet(id: number, count: number, group = 'g', member = 'm'): void {
    this.shardlets.set(id, {
      ...{ group, events: [], member, assignment: ++this.version, revoking: false, committed: 0 },
    });
    for (let i = 0; i < count; i++) this.append(id);
  }

  append(id: number, event: object = {}): void {
    const { events } = this.shardlets.get(id)!;
    const seq = events.length + 1;
    const place = { stream: 's', shard: 0, shardlet: id, seq, ts: seq };
    const attributes = { specversion: '1.0' as const, id: `${id}/${seq}`, source: '/s', type: 't' };
    events.push({ ...place, event: { ...attributes, ...event } });
  }

  give(id: number, member: string | undefined): void {
    Object.assign(this.shardlets.get(id)!, { member, assignment: ++this.version, revoking: false });
  }

  revoke(id: number): void {
    this.shardlets.get(id)!.revoking = true;
    this.version++;
  }

  committed(): Record<number, number> {
    return Object.fromEntries([...this.shardlets].map(([id, { committed }]) => [id, committed]));
  }

  edges(options: Partial<EdgesOptions> = {}): Edges {
    return new Edges({ url: 'http://edge-1', token: 't', fetch: this.fetch, ...options });
  }

  readonly fetch: Fetch = async (url, { body, signal }) => {
    const { pathname, origin } = new URL(url);
    this.urls.push(origin);
    const at = this.answers.findIndex(({ path }) => path.test(pathname));
    if (at !== -1) {
      const [{ status, body: answer, headers = {} }] = this.answers.splice(at, 1) as [
        GroupEdge['answers'][number],
      ];
      return new Response(JSON.stringify(answer), { status, headers });
    }
    if (pathname === '/livez') return new Response('ok');
    const asked = JSON.parse(String(body)) as Body;
    const group = pathname.split('/')[3];
    if (group !== undefined && this.absent.has(group))
      return respond(404, { code: 'unknown_group', status: 404, detail: `no group ${group}` });
    if (pathname.endsWith('/poll')) return this.poll(group, asked, signal ?? undefined);
    if (pathname.endsWith('/commit')) return this.commit(asked);
    if (pathname.endsWith('/leave')) {
      this.left.push(asked.member);
      return new Response(null, { status: 204 });
    }
    if (pathname.endsWith('/dead-letters')) return this.letter(asked);
    this.created.push(asked);
    return respond(201, {});
  };

  protected onPoll(_: Polled): void {}

  protected besides(_: Polled): object {
    return {};
  }

  private async poll(group: string | undefined, asked: Polled, signal?: AbortSignal): Promise<Response> {
    this.polls.push(asked);
    this.onPoll(asked);
    for (const [id, shardlet] of this.shardlets) {
      const { group: of, member, revoking, heir = 'other' } = shardlet;
      const isItsMember = of === group && member === asked.member;
      if (isItsMember && revoking && asked.after[id] === undefined) this.give(id, this.heir(heir));
    }
    const deadlineMs = performance.now() + asked.wait;
    for (;;) {
      const mine = [...this.shardlets].filter(
        ([, one]) => one.group === group && one.member === asked.member,
      );
      const batches = mine.flatMap(([id, shardlet]) => this.batchOf(id, shardlet, asked));
      if (batches.length > 0 || performance.now() >= deadlineMs) {
        const assigned = mine.map(([shardlet, { assignment, committed: seq, revoking, finalSeq }]) => ({
          ...{ shardlet, assignment, seq, epoch: 1, revoking, skipped: 0 },
          ...(finalSeq === undefined ? {} : { finalSeq }),
        }));
        const more = this.preferredEdge === undefined ? {} : { preferredEdge: this.preferredEdge };
        const known = asked.version === this.version ? {} : { assigned };
        return respond(200, { version: this.version, ...known, batches, ...more, ...this.besides(asked) });
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal?.throwIfAborted();
    }
  }

  private batchOf(
    id: number,
    { events, assignment, revoking, committed }: Shardlet,
    { after, limit }: Polled,
  ) {
    const held = after[id]?.assignment === assignment ? after[id]!.seq : 0;
    const next = events.filter(({ seq }) => seq > Math.max(held, committed)).slice(0, limit);
    if (revoking || next.length === 0) return [];
    return [{ shardlet: id, assignment, epoch: 1, through: next.at(-1)!.seq, skipped: 0, events: next }];
  }

  private commit({ member, positions }: Body): Response {
    const results = positions.map(({ shardlet, seq, assignment }): CommitResult => {
      const found = this.shardlets.get(shardlet);
      if (found?.assignment !== assignment || found.member !== member)
        return { kind: 'fenced', assignment: found?.assignment ?? 0 };
      if (seq < found.committed) return { kind: 'behind', seq: found.committed };
      found.committed = seq;
      return { kind: 'committed' };
    });
    return respond(results.some(({ kind }) => kind === 'fenced') ? 409 : 200, { results });
  }

  private letter(asked: Body): Response {
    const found = this.shardlets.get(asked.shardlet);
    if (found?.assignment !== asked.assignment || found.member !== asked.member)
      return respond(409, { kind: 'fenced', assignment: found?.assignment ?? 0 });
    this.letters.push(asked);
    return respond(200, { kind: 'dead', letter: '1:1:1', repeated: false });
  }
}

export function respond(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status });
}
