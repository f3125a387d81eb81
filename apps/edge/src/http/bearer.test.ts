import { allows, grantsOf } from '@foreshard/core/access';
import { expect, it } from 'vitest';
import { bearerOfToken } from './bearer.ts';

const TOKEN = { id: 't', hash: 'ab', scopes: ['events:read', 'events:write'] };

it('a token may do no more than its owner may do now, also in the hot path of appends', () => {
  const own = bearerOfToken({ ...TOKEN, ownerGrants: grantsOf([{ role: 'reader', scope: {} }]) });
  expect(allows(own.principal.grants, 'events:read', { stream: 'main' })).toBe(true);
  expect(own.appends('main')).toBe('none');
});

it('a token that is nobody’s may do what it was given', () => {
  expect(bearerOfToken(TOKEN).appends('main')).toBe('all');
});
