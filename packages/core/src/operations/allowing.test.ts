import { expect, it } from 'vitest';
import { type Grant, OWN_CLUSTER, PERMISSIONS, type Principal, type Scope } from '../access/index.ts';
import { requireAllowed, requirePermission, targetOf } from './allowing.ts';
import { EVERY_OPERATION, OPERATIONS } from './table.ts';

const { hosts, groups, streams, clusters, recommendations } = OPERATIONS;
const { reading, events } = EVERY_OPERATION;

function within(scope: Scope, permissions: Grant['permissions'] = PERMISSIONS): Principal {
  return { kind: 'token', id: '1', name: 'shop', grants: [{ permissions, scope }] };
}

it('names what an operation is about, as grants are limited', () => {
  expect(targetOf(reading.key, { stream: 'orders', key: 'eu-1' })).toEqual({ stream: 'orders', key: 'eu-1' });
  expect(targetOf(groups.remove, { group: 'billing' })).toEqual({ stream: undefined, group: 'billing' });
  expect(targetOf(groups.show, { group: 'billing' })).toEqual({});
  expect(targetOf(streams.create, { name: 'orders' })).toEqual({ stream: 'orders' });
  expect(targetOf(hosts.list, {})).toEqual({ cluster: OWN_CLUSTER });
  expect(targetOf(recommendations.list, { cluster: 'kafka' })).toEqual({ cluster: 'kafka' });
  expect(targetOf(clusters.show, { name: 'kafka' })).toEqual({ cluster: 'kafka' });
  expect(targetOf(events.ingest, { stream: 'orders' })).toEqual({ stream: 'orders' });
});

it('lets through what a grant holds for, and names the permission that is lacking', () => {
  const orders = within({ streams: [{ name: 'orders' }] });
  expect(() => requireAllowed(reading.log, { stream: 'orders' }, orders)).not.toThrow();
  expect(() => requireAllowed(reading.log, { stream: 'main' }, orders)).toThrow(
    'The token "shop" may not read events with their payloads here (permission events:read).',
  );
  expect(() => requireAllowed(hosts.remove, { host: 1 }, within({}, ['cluster:read']))).toThrow(
    expect.objectContaining({ code: 'forbidden' }),
  );
});

it('a person is named by the e-mail alone', () => {
  const ada: Principal = { kind: 'person', id: '1', name: 'ada@example.org', grants: [] };
  expect(() => requirePermission(ada, 'plans:approve', {})).toThrow(/^ada@example.org may not approve/);
});
