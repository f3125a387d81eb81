/**
 * Members killed at random points while shardlets are split, merged and given to others, and checkpoints are lost or damaged:
 * at the end the state is what the log says, and no event that was committed had its effect again. Against real processes:
 * e2e/src/client/kills/processor.
 */
import { createHash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import type { Fetch } from '../edge/edges.ts';
import { type ContentHeader, decoded } from './content.ts';
import { hashOfKey, type KeyRange } from './key-range.ts';
import { Processor } from './processor.ts';
import { StateEdge } from './state-edge.fixture.ts';

interface Life {
  readonly kill: () => void;
  readonly processor: Processor<string[]>;
}

class World {
  readonly edge = new StateEdge();
  readonly keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  readonly lives: Life[] = [];
  readonly faults: string[] = [];
  readonly effects = new Map<string, number>();
  readonly log = new Map<string, string[]>();
  readonly failures: unknown[] = [];
  sent = 0;
  checked = 0;
  private shardlets = 1;
  private names = 0;
  private x: number;

  constructor(seed: number) {
    this.x = seed;
    for (let i = 0; i < 3; i++) this.join();
    this.edge.root(1, 0, 'm0');
  }

  random(below: number): number {
    this.x = (Math.imul(this.x, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((this.x / 0x80000000) * below);
  }

  oneOf<T>(all: readonly T[]): T {
    return all[this.random(all.length)]!;
  }

  send(count: number): void {
    for (let i = 0; i < count; i++) {
      const key = this.oneOf(this.keys);
      const id = `e${this.sent++}`;
      this.edge.append(this.ownerOf(key), { subject: key, id });
      this.log.set(key, [...(this.log.get(key) ?? []), id]);
    }
  }

  /** Its shardlets go to the others when its session ends. */
  killOne(): void {
    const at = this.random(this.lives.length);
    const [dead] = this.lives.splice(at, 1);
    dead!.kill();
    this.join();
    for (const [id, { member }] of this.edge.shardlets)
      if (member === dead!.processor.member) this.edge.give(id, this.anyone());
    this.edge.heir = (member) => (this.isAlive(member) ? member : this.anyone());
  }

  split(): void {
    const id = this.oneOf(this.open());
    const { start, end } = this.edge.places.get(id)!.range;
    if (end.high - start.high < 2 ** 28) return;
    const middle = { high: (start.high + end.high) / 2, low: 0 };
    this.edge.child(++this.shardlets, [id], { start, end: middle }, this.anyone());
    this.edge.child(++this.shardlets, [id], { start: middle, end }, this.anyone());
  }

  merge(): void {
    const open = this.open().map((id) => ({ id, range: this.edge.places.get(id)!.range }));
    for (const left of open) {
      const right = open.find(({ range }) => range.start.high === left.range.end.high);
      if (right === undefined) continue;
      const range: KeyRange = { start: left.range.start, end: right.range.end };
      this.edge.child(++this.shardlets, [left.id, right.id], range, this.anyone());
      return;
    }
  }

  rebalance(): void {
    const held = [...this.edge.shardlets].filter(([, { member }]) => member !== undefined);
    const [id] = this.oneOf(held);
    this.edge.shardlets.get(id)!.heir = this.anyone();
    this.edge.revoke(id);
  }

  loseCheckpoint(): void {
    const valid = this.edge.valid();
    if (valid.length === 0) return;
    const { id } = this.oneOf(valid);
    if (this.random(2) === 0) this.edge.objects.delete(id);
    else this.edge.objects.set(id, new Uint8Array([1, 2, 3]));
  }

  isDone(): boolean {
    return [...this.edge.shardlets.values()].every(({ committed, events }) => committed === events.length);
  }

  /** Of all members; undefined while a key is in two places, of which one is being given up. */
  state(): Map<string, string[]> | undefined {
    const state = new Map<string, string[]>();
    for (const { processor } of this.lives)
      for (const [key, ids] of processor.entries()) {
        if (state.has(key)) return undefined;
        state.set(key, ids);
      }
    return new Map([...state].sort());
  }

  async end(): Promise<void> {
    await Promise.all(this.lives.map(({ processor }) => processor.close()));
  }

  /** A checkpoint has every event of its shardlet up to its seq, and no other, whatever was handled meanwhile. */
  private async check(content: Uint8Array<ArrayBuffer>): Promise<void> {
    const states = new Map<string, string[]>();
    const digest = `sha-256:${createHash('sha256').update(content).digest('hex')}`;
    let header = { shardlet: 0, seq: 0, kind: '' };
    const onHeader = (read: ContentHeader) => {
      header = read;
    };
    const onEntry = (key: string, text = '[]') => void states.set(key, JSON.parse(text));
    await decoded(content, digest, onHeader, onEntry);
    this.checked++;
    const { shardlet, seq, kind } = header;
    const own = this.edge.shardlets.get(shardlet)!.events;
    const all = new Set(own.map(({ event }) => event.id));
    const ids = Map.groupBy(own.slice(0, seq), ({ event }) => event.subject!);
    const due = kind === 'full' ? new Set([...ids.keys(), ...states.keys()]) : states.keys();
    for (const key of due) {
      const state = states.get(key) ?? [];
      const mine = state.filter((id) => all.has(id)).join();
      const wanted = (ids.get(key) ?? []).map(({ event }) => event.id).join();
      const isPrefix = this.log.get(key)!.slice(0, state.length).join() === state.join();
      if (mine === wanted && isPrefix) continue;
      this.faults.push(`${kind} checkpoint of ${shardlet} at ${seq}: ${key} has ${mine}, not ${wanted}`);
    }
  }

  private open(): number[] {
    return [...this.edge.shardlets].filter(([, { finalSeq }]) => finalSeq === undefined).map(([id]) => id);
  }

  private ownerOf(key: string): number {
    const hash = hashOfKey(key);
    const holds = (id: number) => {
      const { start, end } = this.edge.places.get(id)!.range;
      return start.high <= hash && hash < end.high;
    };
    return this.open().find(holds)!;
  }

  private anyone(): string {
    return this.oneOf(this.lives).processor.member;
  }

  private isAlive(member: string): boolean {
    return this.lives.some(({ processor }) => processor.member === member);
  }

  private join(): void {
    let isDead = false;
    const never = new Promise<never>(() => {});
    const fetch: Fetch = async (url, init) => {
      const refused = () => new Response('{"code":"foreign_member","status":403}', { status: 403 });
      if (isDead) return refused();
      const answer = await this.edge.stateFetch(url, init);
      if (init?.method === 'PUT' && answer.ok)
        await this.check(init.body as Uint8Array<ArrayBuffer>).catch((error: unknown) =>
          this.failures.push(error),
        );
      return isDead ? refused() : answer;
    };
    const processor = new Processor<string[]>(this.edge.edges({ fetch }), {
      ...{
        group: 'g',
        member: `m${this.names++}`,
        heartbeatMs: 10,
        commitEveryMs: 3,
        closeMs: 1,
        batchEventsMax: 20,
      },
      ...{ intervalMs: 15, letGoMs: 500, concurrency: 2 },
    });
    const ended = processor.run({
      handle: async ({ event, shardlet, seq }, state, { effect }) => {
        if (this.random(10) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        // a dead process does nothing any more
        if (isDead) await never;
        state.set([...(state.get() ?? []), event.id]);
        await effect(() => {
          if (seq <= this.edge.shardlets.get(shardlet)!.committed)
            this.faults.push(`${event.id} had its effect again`);
          this.effects.set(event.id, (this.effects.get(event.id) ?? 0) + 1);
        });
      },
    });
    ended.catch((error: unknown) => {
      if (!isDead) this.failures.push(error);
    });
    this.lives.push({
      processor,
      kill: () => {
        isDead = true;
      },
    });
  }
}

it.each([1, 2, 3])('the state is that of the log, each event once; seed %i', async (seed) => {
  const world = new World(seed);
  const acts = ['killOne', 'killOne', 'split', 'merge', 'rebalance', 'loseCheckpoint'] as const;
  // a busy machine restores less often in the same time
  for (let i = 0; i < 40 || (world.checked <= 20 && i < 400); i++) {
    world.send(world.random(60));
    await new Promise((resolve) => setTimeout(resolve, world.random(25)));
    world[world.oneOf(acts)]();
  }
  await vi.waitFor(() => expect([world.failures, world.isDone()]).toEqual([[], true]), { timeout: 15_000 });
  // whoever has a shardlet since a moment ago may still be restoring it
  await vi.waitFor(() => expect(world.state()).toEqual(new Map([...world.log].sort())), { timeout: 15_000 });
  await world.end();
  expect(world.faults).toEqual([]);
  expect(world.checked).toBeGreaterThan(20);
  expect(world.effects.size).toBe(world.sent);
});
