import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clusters } from './clusters.ts';
import { events } from './events.ts';
import { hints } from './hints.ts';
import { hosts } from './hosts.ts';
import { migrations } from './migrations.ts';
import { onStream, placementOf, requestOf } from './operation.ts';
import { reading } from './reading.ts';

describe('where HTTP carries the members of an input', () => {
  test('names in the path and the query stand for members', () => {
    const { path, query } = placementOf(clusters.plan);
    expect([[...path], [...query]]).toEqual([[['name', 'name']], [['state', 'withState']]]);
    expect(requestOf(clusters.plan, { name: 'a b', withState: true })).toEqual({
      method: 'GET',
      path: '/v1/clusters/a%20b/plan?state=true',
    });
  });

  test('the rest is in the body, and with no body in the query', () => {
    expect(requestOf(migrations.pause, { migration: 7, reason: 'why' }, true)).toEqual({
      method: 'POST',
      path: '/v1/migrations/7/pause?dryRun=true',
      body: { mediaType: 'application/json', text: '{"reason":"why"}' },
    });
    expect(requestOf(migrations.list, { limit: 5 }).path).toBe('/v1/migrations?limit=5');
    expect(requestOf(hosts.drain, { host: 3 })).toEqual({ method: 'POST', path: '/v1/hosts/3/drain' });
    expect(requestOf(hints.remove, { id: 'x' })).toEqual({ method: 'DELETE', path: '/v1/hints/x' });
  });
});

describe('a body that may be a text', () => {
  const csv = (path: string) => ({
    method: 'POST',
    path,
    body: { mediaType: 'text/csv', text: 'l' },
  });

  test('is one where every other member has a place beside it', () => {
    expect(requestOf(clusters.add, { name: 'c', load: 'l', shift: 'none', webhook: 'w' })).toEqual(
      csv('/v1/clusters/c?shift=none&webhook=w'),
    );
    expect(requestOf(clusters.importLoad, { name: 'c', load: 'l', replace: true, stepSeconds: 2.5 })).toEqual(
      csv('/v1/clusters/c/load?stepSeconds=2.5&replace=true'),
    );
  });

  test.each([
    { load: 'l', hosts: [] },
    { load: 'l', webhook: null },
    { shift: 'none' as const, prometheus: { url: 'http://p', query: 'q' } },
  ])('is JSON with all its members otherwise: %j', (order) => {
    const { path, body } = requestOf(clusters.add, { name: 'c', ...order });
    expect([path, body?.mediaType, JSON.parse(body!.text)]).toEqual([
      '/v1/clusters/c',
      'application/json',
      order,
    ]);
  });

  test('has members of its own only where JSON is not taken', () => {
    expect(placementOf(clusters.add).body).toEqual(
      Object.keys(z.object(clusters.add.input.shape).omit({ name: true }).shape),
    );
    expect(placementOf(clusters.importLoad).body).toEqual([]);
  });
});

test('a stream is named in the path, and main is left out', () => {
  expect(requestOf(reading.key, { key: 'a/b', limit: 5 }).path).toBe('/v1/keys/a%2Fb/events?limit=5');
  expect(requestOf(reading.key, { key: 'a', stream: 'shop' }).path).toBe('/v1/streams/shop/keys/a/events');
  expect(onStream(hosts.list)).toBeUndefined();
});

test('a member is the whole body where the contract says so', () => {
  expect(requestOf(events.ingest, { stream: 'shop', events: [] })).toEqual({
    method: 'POST',
    path: '/v1/streams/shop/events',
    body: { mediaType: 'application/cloudevents+json', text: '[]' },
  });
});
