/** Against real servers that answer as edges of one cluster and of another do. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from '@foreshard/core/adapters/outgoing-http';
import type { ClusterIdentity } from '@foreshard/core/topology';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADMINISTRATOR } from './console.fixture.ts';
import { EdgeClient } from './edge/edge-client.ts';
import { EdgeProbe } from './edge-probe.ts';

const OWN: ClusterIdentity = { id: '11111111-aaaa', name: 'orders' };
const OTHER: ClusterIdentity = { id: '22222222-bbbb', name: 'payments' };

const servers: Server[] = [];
const probes: EdgeProbe[] = [];
afterEach(() => {
  for (const probe of probes.splice(0)) probe.close();
  for (const server of servers.splice(0)) server.close();
});

/** Answers the paths it was asked for, and says which cluster it is of. */
async function edgeOf(answer: { cluster?: ClusterIdentity | null }) {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    if (incoming.url !== '/readyz') asked.push(incoming.url!);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'ready', mapVersion: 1, ...answer }));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, answer };
}

async function probed(url: string, own: ClusterIdentity | undefined): Promise<EdgeProbe> {
  const probe = new EdgeProbe(url, request, async () => own);
  probes.push(probe);
  probe.start();
  await vi.waitFor(() => expect(probe.state.kind).not.toBe('unknown'));
  return probe;
}

describe('an edge of another cluster', () => {
  it('is named with both clusters and the cure, and is asked nothing', async () => {
    const { url, asked } = await edgeOf({ cluster: OTHER });
    const probe = await probed(url, OWN);
    expect(probe.state).toMatchObject({
      ...{ kind: 'down', reason: expect.stringContaining('payments') },
      cure: expect.stringContaining('FORESHARD_EDGE_URL'),
    });
    expect(probe.refusal).toBe(
      'it is of cluster "payments" (22222222), and this console of cluster "orders" (11111111): set FORESHARD_EDGE_URL of the console to an edge of orders, or its DATABASE_URL to that of payments',
    );
    const client = new EdgeClient(
      url,
      request,
      async () => 'secret',
      () => probe.refusal,
    );
    const calls = client.as(ADMINISTRATOR.principal, { address: undefined, sessionId: undefined } as never);
    await expect(calls.get('/v1/events')).rejects.toMatchObject({
      ...{ name: 'EdgeRefusal', status: 503, message: expect.stringContaining('"payments"') },
    });
    await expect(client.document()).rejects.toThrow('is not asked');
    expect(asked).toEqual([]);
  });

  it('is asked again when one of ours stands at its address', async () => {
    const { url, answer } = await edgeOf({ cluster: OTHER });
    const probe = await probed(url, OWN);
    answer.cluster = OWN;
    await vi.waitFor(() => expect(probe.refusal).toBeUndefined(), 6_000);
    expect(probe.state.kind).toBe('ready');
  });
});

it.each([
  ['is of this cluster', { cluster: { ...OWN, name: 'as it was called before' } }, OWN],
  ['does not know yet', { cluster: null }, OWN],
  ['is of an earlier release', {}, OWN],
  ['is asked by a console that does not know yet', { cluster: OTHER }, undefined],
])('an edge that %s serves', async (_, answer, own) => {
  const { url } = await edgeOf(answer);
  const probe = await probed(url, own);
  expect([probe.state.kind, probe.refusal]).toEqual(['ready', undefined]);
});
