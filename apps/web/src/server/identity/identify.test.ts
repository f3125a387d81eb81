import { allows, grantsOf } from '@foreshard/core/access';
import type { ActiveToken } from '@foreshard/core/adapters/prisma';
import { describe, expect, it } from 'vitest';
import { TokenLookup } from './identify.ts';

function lookup(...tokens: Partial<ActiveToken>[]) {
  const active = (token: Partial<ActiveToken>): ActiveToken => ({
    ...{ id: 't', name: 'shop', hash: 'hash of fsh_x', scopes: ['read'], scope: {}, cidrs: [] },
    ...{ expiresAtMs: undefined, signInByMs: undefined, owner: undefined, ownerGrants: undefined, ...token },
  });
  const found = tokens.map(active);
  let reads = 0;
  const store = {
    async activeHashes() {
      reads += 1;
      return [...found];
    },
  };
  const made = new TokenLookup(store, (token) => `hash of ${token}`);
  return {
    find: (address = '10.1.2.3', token = 'fsh_x') => made.find(token, address),
    made,
    add: (token: Partial<ActiveToken>) => void found.push(active(token)),
    reads: () => reads,
  };
}

describe('an API token at the console', () => {
  it('may do what its scopes and limits say, and goes to edges as itself', async () => {
    const { find, made } = lookup({ scope: { streams: [{ name: 'orders' }] } });
    const principal = (await find())!;
    expect(principal).toMatchObject({ kind: 'token', name: 'shop' });
    expect(allows(principal.grants, 'events:read', { stream: 'orders' })).toBe(true);
    expect(allows(principal.grants, 'events:read', { stream: 'main' })).toBe(false);
    expect(allows(principal.grants, 'cluster:read', { cluster: '.' })).toBe(false);
    expect(made.bearerOf(principal)).toBe('fsh_x');
  });

  it('may do no more than its owner may do now', async () => {
    const { find } = lookup({ ownerGrants: grantsOf([{ role: 'viewer', scope: {} }]) });
    expect(allows((await find())!.grants, 'events:read', { stream: 'main' })).toBe(false);
  });

  it('holds only in its networks', async () => {
    const { find } = lookup({ cidrs: ['10.0.0.0/8', 'fd00::/8'] });
    expect(await find('10.1.2.3')).toBeDefined();
    expect(await find('fd00::1')).toBeDefined();
    expect(await find('192.0.2.1')).toBeUndefined();
    expect(await lookup({ cidrs: ['nonsense'] }).find()).toBeUndefined();
  });

  it('holds no longer than it should, and a wrong one is nobody', async () => {
    expect(await lookup({ expiresAtMs: Date.now() - 1 }).find()).toBeUndefined();
    expect(await lookup({}).find('10.1.2.3', 'fsh_y')).toBeUndefined();
  });

  it('is looked for twice, however many wrong ones come at once', async () => {
    const { find, reads } = lookup({});
    await Promise.all(Array.from({ length: 50 }, (_, i) => find('10.1.2.3', `fsh_${i}`)));
    expect(reads()).toBe(2);
  });

  it('works at once when it was just made, also right after a wrong one', async () => {
    const { find, add } = lookup({});
    expect(await find('10.1.2.3', 'fsh_y')).toBeUndefined();
    add({ hash: 'hash of fsh_new', name: 'new' });
    expect(await find('10.1.2.3', 'fsh_new')).toMatchObject({ name: 'new' });
  });
});
