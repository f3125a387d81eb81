import { describe, expect, it } from 'vitest';
import { parseEtcdUrl } from './address.ts';

describe('the address of the topology store on etcd', () => {
  it('names every member', () => {
    expect(parseEtcdUrl('etcd://10.0.0.1:2379,10.0.0.2:2379,etcd-c.test:2379')).toEqual({
      hosts: ['http://10.0.0.1:2379', 'http://10.0.0.2:2379', 'http://etcd-c.test:2379'],
      auth: undefined,
      prefix: 'foreshard',
      shown: '10.0.0.1:2379,10.0.0.2:2379,etcd-c.test:2379',
    });
  });

  it('may carry TLS, a user and a prefix, and never shows the password', () => {
    const address = parseEtcdUrl('etcds://me:p%40ss@a:1,b:2/other');
    expect(address).toMatchObject({
      hosts: ['https://a:1', 'https://b:2'],
      auth: { username: 'me', password: 'p@ss' },
      prefix: 'other',
    });
    expect(address.shown).toBe('a:1,b:2');
  });

  it.each(['etcd://', 'etcd://a', 'etcd://a:1,b', 'etcd://a:1/x/y', 'postgresql://a:1'])(
    'is not %s',
    (url) => {
      expect(() => parseEtcdUrl(url)).toThrow('etcd://host:port');
    },
  );
});
