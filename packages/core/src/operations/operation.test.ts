import { expect, it } from 'vitest';
import { consuming } from './consuming.ts';
import { events } from './events.ts';
import { hosts } from './hosts.ts';
import { onStream, requestOf } from './operation.ts';
import { reading } from './reading.ts';

it('places members in the path, the query and the body, and dryRun in the query', () => {
  expect(requestOf(hosts.describe, { host: 3, zone: 'north' }, true)).toEqual({
    method: 'PATCH',
    path: '/v1/hosts/3?dryRun=true',
    body: { zone: 'north' },
  });
  expect(requestOf(hosts.drain, { host: 3 })).toEqual({ method: 'POST', path: '/v1/hosts/3/drain' });
  expect(requestOf(consuming.leave, { group: 'g', member: 'm' })).toEqual({
    method: 'POST',
    path: '/v1/groups/g/leave',
    body: { member: 'm' },
  });
});

it('names a stream in the path, and leaves main out', () => {
  expect(requestOf(reading.key, { key: 'a/b', limit: 5 }).path).toBe('/v1/keys/a%2Fb/events?limit=5');
  expect(requestOf(reading.key, { key: 'a', stream: 'shop' }).path).toBe('/v1/streams/shop/keys/a/events');
  expect(onStream(hosts.list)).toBeUndefined();
});

it('sends a member as the whole body where the contract says so', () => {
  expect(requestOf(events.ingest, { stream: 'shop', events: [] })).toEqual({
    method: 'POST',
    path: '/v1/streams/shop/events',
    body: [],
  });
});
