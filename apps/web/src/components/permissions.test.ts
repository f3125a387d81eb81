import { EVERYWHERE, grantsOf, OWN_CLUSTER } from '@foreshard/core/access';
import { expect, it } from 'vitest';
import { obstacleOf } from './permissions.ts';

const operator = grantsOf([{ role: 'operator', scope: { clusters: ['kafka'] } }]);

it('names the role that is needed, or what the role does not hold for', () => {
  expect(obstacleOf(operator, 'plans:approve', { cluster: 'kafka' })).toBe('Needs the role approver');
  expect(obstacleOf(operator, 'users:manage', {})).toBe('Needs the role administrator');
  expect(obstacleOf(operator, 'cluster:operate', { cluster: 'kafka' })).toBeUndefined();
  expect(obstacleOf(operator, 'cluster:operate', { cluster: OWN_CLUSTER })).toBe(
    'Your role operator does not hold for this cluster',
  );
  const reader = grantsOf([{ role: 'reader', scope: { streams: [{ name: 'orders' }] } }]);
  expect(obstacleOf(reader, 'events:read', { stream: 'main' })).toBe(
    'Your role reader does not hold for stream main',
  );
  expect(obstacleOf(reader, 'events:read', { stream: 'orders' })).toBeUndefined();
});

it('what is not known yet is no obstacle, and an administrator has none', () => {
  expect(obstacleOf(undefined, 'plans:approve', {})).toBeUndefined();
  expect(
    obstacleOf(grantsOf([{ role: 'administrator', scope: EVERYWHERE }]), 'users:manage', {}),
  ).toBeUndefined();
});
