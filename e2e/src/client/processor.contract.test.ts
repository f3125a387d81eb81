/** A processor against a real edge; members are processes of their own, and are killed, in kills/processor. */
import { connect, type Fetch, type Processor } from '@foreshard/client/source';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';

const GROUP = 'counting';

let cluster: EdgeCluster;
beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.startEdge();
}, 240_000);
afterAll(() => cluster?.stop());

/** Cut off from the edge it is as good as dead: its session ends. */
function member(name: string, effects: string[]) {
  let isDead = false;
  const fetch: Fetch = async (url, init) => {
    if (isDead) throw new TypeError('killed');
    return globalThis.fetch(url, init);
  };
  const processor = connect({ url: cluster.edgeUrl, token: cluster.token, fetch }).processor<string[]>({
    ...{ group: GROUP, stream: 'main', member: name, sessionMs: 2_000, heartbeatMs: 300, intervalMs: 500 },
    ...{ letGoMs: 20_000, closeMs: 100, onNotice: ({ kind }) => notices.push(`${name} ${kind}`) },
  });
  const ended = processor.run({
    handle: async ({ event }, state, { effect }) => {
      state.set([...(state.get() ?? []), event.id]);
      await effect(() => effects.push(event.id));
    },
  });
  ended.catch(() => {});
  const kill = () => {
    isDead = true;
  };
  return { processor, ended, kill };
}
const notices: string[] = [];

async function send(from: number, to: number): Promise<void> {
  const producer = connect({ url: cluster.edgeUrl, token: cluster.token }).producer({ source: '/test' });
  const ids = Array.from({ length: to - from }, (_, i) => from + i);
  await Promise.all(ids.map((id) => producer.send({ id: `${id}`, type: 't', subject: `k${id % 10}` })));
  await producer.close();
}

const idsIn = (...processors: Processor<string[]>[]) =>
  processors.flatMap((each) => [...each.entries()].flatMap(([, ids]) => ids));
const sorted = (ids: readonly string[]) => [...ids].sort((a, b) => Number(a) - Number(b));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000, interval: 50 });

it('has each event once, after a member has died and a shardlet was split, and repeats no effect', async () => {
  const effects: string[] = [];
  const first = member('first', effects);
  await send(0, 200);
  await eventually(() => expect(sorted(idsIn(first.processor))).toEqual(upTo(200)));
  await eventually(() => expect(notices).toContain('first checkpointed'));
  await eventually(() => expect(first.processor.stats().unsavedEvents).toBe(0));
  await send(200, 230);
  await eventually(() => expect(effects).toHaveLength(230));
  await eventually(async () => expect((await cluster.get(`/v1/groups/${GROUP}`)).body.lag).toBe(0));
  first.kill();

  const second = member('second', effects);
  await eventually(() => expect(sorted(idsIn(second.processor))).toEqual(upTo(230)));
  expect(notices).toContain('second restored');
  const { id } = (await cluster.control.topology.snapshot()).shardlets[0]!;
  const split = await cluster.send(`/v1/shardlets/${id}/split`, {
    ...{ method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
  });
  expect(split.status).toBe(202);
  await eventually(async () =>
    expect(
      (await cluster.control.topology.snapshot()).shardlets.filter((s) => s.state.kind === 'open'),
    ).toHaveLength(2),
  );
  const third = member('third', effects);
  await send(230, 300);
  await eventually(() => expect(sorted(idsIn(second.processor, third.processor))).toEqual(upTo(300)));
  await eventually(() => expect(third.processor.stats()).toMatchObject({ shardlets: 1, recovering: 0 }));
  expect(sorted(effects)).toEqual(upTo(300));
  for (const { processor } of [second, third]) await processor.close();
}, 240_000);
