/**
 * Judges the settings of a PostgreSQL, as a host or for the topology store: a committed transaction must survive a
 * crash.
 */
import { type Finding, ok, problem } from './finding.ts';

const OLDEST = 140_000;
/** `local` waits for this server's own disk; the stronger ones for standbys as well */
const DURABLE_COMMITS = ['on', 'local', 'remote_write', 'remote_apply'];

export function judgePostgres(subject: string, settings: Readonly<Record<string, string>>): Finding[] {
  return [
    Number(settings.server_version_num) >= OLDEST
      ? ok(subject, `PostgreSQL ${settings.server_version}`)
      : problem(subject, `PostgreSQL ${settings.server_version} is too old`, 'use PostgreSQL 14 or newer'),
    ...durability(subject, settings),
  ];
}

function durability(subject: string, settings: Readonly<Record<string, string>>): Finding[] {
  const wrong: Finding[] = [];
  for (const name of ['fsync', 'full_page_writes'])
    if (settings[name] !== 'on')
      wrong.push(problem(subject, `${name} is off: a crash would lose or spoil data`, `set ${name} = on`));
  if (!DURABLE_COMMITS.includes(settings.synchronous_commit ?? ''))
    wrong.push(
      problem(
        subject,
        'synchronous_commit is off: a crash would lose commits',
        'set synchronous_commit = on',
      ),
    );
  return wrong.length === 0 ? [ok(subject, 'commits are durable')] : wrong;
}
