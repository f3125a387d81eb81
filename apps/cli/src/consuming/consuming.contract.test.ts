/** Groups as their users meet them: the command, an edge and a worker as processes. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { RealEdge } from '../replay/real-edge.fixture.ts';

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'consuming');
}, 60_000);
afterAll(() => edge?.stop());

const run = (args: readonly string[], input?: string) => edge.run(args, input);
const event = (i: number) => ({
  specversion: '1.0',
  type: 't',
  source: '/cli',
  id: `${i}`,
  subject: `k${i % 7}`,
});
const send = (from: number, to: number) =>
  run(['send', '-'], Array.from({ length: to - from }, (_, i) => JSON.stringify(event(from + i))).join('\n'));

test('members of a group print every event once, and groups shows how far it is', async () => {
  expect((await send(0, 40)).exitCode).toBe(0);
  const first = await run(['consume', '--group', 'g', '--limit', '15']);
  expect([first.exitCode, first.stdout.trim().split('\n').length]).toEqual([0, 15]);
  const summary = JSON.parse((await run(['groups', '--json'])).stdout);
  expect(summary).toEqual([
    {
      group: 'g',
      order: 'key',
      stream: 'main',
      delivery: 'pull',
      members: 0,
      shardlets: expect.any(Number),
      lag: 25,
      redriveOf: null,
      catchUp: expect.anything(),
      membersWanted: { now: null, atHorizon: null, at: null, why: { kind: 'unknown', because: 'arrivals' } },
    },
  ]);
  const rest = await run(['consume', '--group', 'g', '--limit', '25']);
  const ids = `${first.stdout}${rest.stdout}`
    .trim()
    .split('\n')
    .map((line) => Number(JSON.parse(line).event.id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  const shown = await run(['groups', 'list', 'g']);
  expect(shown.stdout).toMatch(/^shardlet +member +committed +lag +load +skipped +why\n/);
}, 60_000);

test('groups are searched for, and those of several pages are all listed', async () => {
  for (const name of ['invoices', 'payments'])
    expect((await run(['groups', 'create', name])).exitCode).toBe(0);
  const found = JSON.parse((await run(['groups', '--search', 'invoi', '--json'])).stdout);
  expect(found.map(({ group }: { group: string }) => group)).toEqual(['invoices']);
  expect((await run(['groups', '--search', 'nothing'])).stdout).toContain('no group has "nothing"');
}, 60_000);

test('a group that keeps state is created with its settings', async () => {
  const usual = await run(['groups', 'create', 'totals', '--checkpoints', '--drain-minutes', '3', '--json']);
  expect(JSON.parse(usual.stdout)).toMatchObject({
    ...{ name: 'totals', drainMinutes: 3, checkpointing: { aim: 'backlog', keep_count: 3, merges: false } },
  });
  const settings = ['--threshold', '500', '--horizon', '10', '--share', '0.5', '--keep', '7'];
  const chosen = await run(['groups', 'create', 'chosen', ...settings, '--hold-retention', 'on', '--json']);
  expect(JSON.parse(chosen.stdout).checkpointing).toMatchObject({
    ...{ checkpoint_threshold: 500, prediction_horizon: 10, checkpoint_share_max: 0.5, keep_count: 7 },
    hold_retention: true,
  });
  const plain = JSON.parse(
    (await run(['groups', 'create', 'plain', '--session-seconds', '30', '--json'])).stdout,
  );
  expect(plain).toMatchObject({ sessionMs: 30_000, checkpointing: null });
  const wrong = await run(['groups', 'create', 'wrong', '--keep', 'many']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('keep_count')]);
  expect((await run(['groups', 'create', 'wrong', '--checkpoints', '--order', 'log'])).exitCode).toBe(2);
  const shown = await run(['groups', 'list', 'totals']);
  expect(shown.stdout).toContain('state: not judged yet');
}, 60_000);

test('a wrong group is told with exit code 2', async () => {
  const wrong = await run(['groups', 'list', 'nowhere']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('no group "nowhere"')]);
});

test('the worker posts to the address of a group, until the group is removed', async () => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  await send(100, 120);
  const made = await run(['groups', 'push', 'hook', '--push', url, '--json']);
  expect(JSON.parse(made.stdout)).toMatchObject({ name: 'hook', secret: expect.stringMatching(/^whsec_/) });
  const count = () => bodies.flatMap((body) => JSON.parse(body)).filter((e) => Number(e.id) >= 100).length;
  await vi.waitFor(() => expect(count()).toBe(20), { timeout: 15_000 });
  expect((await run(['groups', 'remove', 'hook'])).exitCode).toBe(0);
  server.close();
}, 60_000);
