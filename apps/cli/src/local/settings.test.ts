import { describe, expect, it } from 'vitest';
import { addressOf, defaultHostMemoryMb, readSettings } from './settings.ts';

describe('the settings of up', () => {
  it('listen on this machine only, unless told otherwise', () => {
    const settings = readSettings({});
    expect([settings.edge, settings.web, settings.worker].map(addressOf)).toEqual([
      'http://127.0.0.1:7070',
      'http://127.0.0.1:7080',
      'http://127.0.0.1:7090',
    ]);
    expect(settings.databaseUrl).toBeUndefined();
    expect(settings.hostUrls).toBeUndefined();
  });

  it('take hosts as a list', () => {
    const { hostUrls } = readSettings({ FORESHARD_HOSTS: 'redis://a:1, postgresql://b/c' });
    expect(hostUrls).toEqual(['redis://a:1', 'postgresql://b/c']);
  });

  it('name the variable that is wrong, and an example', () => {
    expect(() => readSettings({ EDGE_PORT: 'seven' })).toThrow(
      /EDGE_PORT is not valid: must be a port number/,
    );
    expect(() => readSettings({ DATABASE_URL: 'mysql://x' })).toThrow(/DATABASE_URL.*postgresql:\/\//);
    expect(() => readSettings({ FORESHARD_HOSTS: 'redis://a,http://b' })).toThrow(/FORESHARD_HOSTS/);
    expect(() => readSettings({ TOPOLOGY_URL: 'http://a' })).toThrow(/TOPOLOGY_URL.*etcd:\/\//);
  });

  it('name both variables of a port that is given twice', () => {
    expect(() => readSettings({ EDGE_PORT: '7090' })).toThrow(
      /EDGE_PORT and WORKER_PORT both name port 7090/,
    );
  });

  it('take the topology from etcd where it is given', () => {
    expect(readSettings({ TOPOLOGY_URL: 'etcd://a:1,b:2' }).topologyUrl).toBe('etcd://a:1,b:2');
  });

  it('take an empty variable for an unset one', () => {
    expect(readSettings({ DATABASE_URL: '', EDGE_PORT: '' }).edge.port).toBe(7070);
  });

  it('show an address one can connect to', () => {
    expect(addressOf({ host: '0.0.0.0', port: 1, variable: '' })).toBe('http://127.0.0.1:1');
    expect(addressOf({ host: '::1', port: 1, variable: '' })).toBe('http://[::1]:1');
  });
});

it('gives hosts a share of the memory, within bounds', () => {
  expect(defaultHostMemoryMb(4 * 1024 ** 3)).toBe(409);
  expect(defaultHostMemoryMb(512 * 1024 ** 3)).toBe(1024);
  expect(defaultHostMemoryMb(128 * 1024 ** 2)).toBe(64);
});
