/** Groups as their users meet them: the command, an edge and a worker as processes. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { RealEdge } from '../replay/real-edge.fixture.ts';

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'consuming');
}, 60_000);
afterAll(() => edge?.stop());

const run = (args: readonly string[], input?: string) => edge.command(args, input).ended;
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
