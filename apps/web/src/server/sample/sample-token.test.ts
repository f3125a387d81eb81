import { allows, grantsOfToken } from '@foreshard/core/access';
import type { TokenRequest, TokenStore } from '@foreshard/core/operations/handlers';
import { expect, it } from 'vitest';
import { sampleTokens } from './sample-token.ts';

it.each([
  ['http://127.0.0.1:7070', ['127.0.0.0/8', '::1/128']],
  ['https://edge.example.org', []],
])(
  'at %s appends to and reads back from its stream alone, belongs to who started it, and expires',
  async (edgeUrl, cidrs) => {
    const made: TokenRequest[] = [];
    const revoked: string[] = [];
    const store = {
      async create(request: TokenRequest) {
        made.push(request);
        return { token: { id: 't-1' }, plaintext: 'fsh_x' };
      },
      revoke: async (id: string) => revoked.push(id) > 0,
    } as unknown as TokenStore;
    const tokens = sampleTokens(store, { kind: 'person', id: 'p-1' }, { edgeUrl, nowMs: () => 0 });
    expect(await tokens.make()).toEqual({ id: 't-1', plaintext: 'fsh_x' });
    const [request] = made;
    expect(request).toMatchObject({ ownerId: 'p-1', cidrs, expiresAt: new Date(6 * 3_600_000) });
    const grants = grantsOfToken({ scopes: request!.scopes!, scope: request!.scope! });
    expect(allows(grants, 'events:write', { stream: 'main' })).toBe(true);
    expect(allows(grants, 'events:write', { stream: 'orders' })).toBe(false);
    expect(allows(grants, 'topology:read')).toBe(false);
    await tokens.revoke('t-1');
    expect(revoked).toEqual(['t-1']);
  },
);
