/** Every engine of the record answers the same questions, on a real server. */
import { createDatabase } from '@foreshard/local';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type EngineName, engineOf } from '../../hosts/index.ts';
import { ENGINES } from '../../topology/index.ts';
import { startTestServer, type TestServer } from '../redis/redis-server.fixture.ts';
import { ENGINE_ADAPTERS } from './engines.ts';

let redis: TestServer;
const urls: Partial<Record<EngineName, string>> = {};
beforeAll(async () => {
  redis = await startTestServer();
  urls.redis = redis.server.url;
  urls.postgres = await createDatabase(inject('postgresUrl'), 'engines');
});
afterAll(() => redis.stop());

describe.each(ENGINES)('%s', (name) => {
  const engine = ENGINE_ADAPTERS[name];

  test('is found by its address, connected to, and remembers its floor', async () => {
    const url = urls[name]!;
    expect(engineOf(url)).toBe(name);
    const host = await engine.connect({ url, expectedIncarnation: undefined });
    expect(await host.identify()).toMatchObject({ engine: name });
    expect(await engine.createFloor(url)).toBe(0);
    await host.adopt(1);
    await host.createFloor(17);
    expect(await engine.createFloor(url)).toBe(17);
    await host.close();
  });

  test('tells its settings, its folder, what it uses and which functions are loaded', async () => {
    const url = urls[name]!;
    const findings = await engine.settings('it', url, 'joining');
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(findings.length).toBeGreaterThan(1);
    expect(await engine.dataFolder(url)).toMatch(/^\//);
    const reader = engine.resources(url, () => 42);
    const { atMs, run, diskBytes, commands } = await reader.read();
    reader.close();
    expect([atMs, run === '', (commands ?? 0) > 0]).toEqual([42, false, true]);
    expect(diskBytes).toBeGreaterThanOrEqual(0);
    if (engine.functions !== undefined)
      expect(await engine.functions.loaded(url)).toContain(engine.functions.name());
  });

  test('knows a refusal of the server from its silence', async () => {
    const url = new URL(urls[name]!);
    const failure = async (address: URL) => engine.settings('it', address.href, 'joining').catch((e) => e);
    url.username = 'nobody-of-this-name';
    url.password = 'wrong';
    expect(engine.isReply(await failure(url))).toBe(true);
    url.port = '1';
    expect(engine.isReply(await failure(url))).toBe(false);
  });
});
