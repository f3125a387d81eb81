import { expect, it } from 'vitest';
import type { CacheReport } from '../../caching/index.ts';
import { cacheHandlers } from './cache.ts';
import { callerNamed } from './caller.fixture.ts';

const NOTHING = {
  hits: 0,
  misses: 0,
  hitBytes: 0,
  bytes: 0,
  bytesMax: 1,
  segments: 0,
  evictions: 0,
  voided: 0,
};

it('lists what each process has told, and says when nobody can know', async () => {
  const reports: CacheReport[] = [{ process: 'edge-1', ...NOTHING }];
  const listed = cacheHandlers({ cacheReports: async () => reports }).stats({}, callerNamed('console'));
  expect(await listed).toEqual({ caches: reports });
  const away = cacheHandlers({ cacheReports: async () => undefined }).stats({}, callerNamed('console'));
  await expect(away).rejects.toMatchObject({ code: 'store_unreachable' });
});
