import { expect, it } from 'vitest';
import { judgePostgres } from './postgres-suitability.ts';

const SOUND = {
  server_version_num: '180004',
  server_version: '18.4',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
};

it.each([
  [{}, []],
  [{ synchronous_commit: 'remote_apply' }, []],
  [{ synchronous_commit: 'off' }, ['synchronous_commit is off: a crash would lose commits']],
  [{ fsync: 'off' }, ['fsync is off: a crash would lose or spoil data']],
  [{ server_version_num: '130010', server_version: '13.10' }, ['PostgreSQL 13.10 is too old']],
])('judges a PostgreSQL with %j', (changed, problems) => {
  const findings = judgePostgres('p', { ...SOUND, ...changed });
  expect(findings.filter((f) => f.level === 'problem').map((f) => f.what)).toEqual(problems);
});
