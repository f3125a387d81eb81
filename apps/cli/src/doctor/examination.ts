/** What the doctor looks at, in the order in which one thing rests on another. */
import type { Host } from '@foreshard/core/topology';
import { type Control, connectHost } from '../composition.ts';
import type { ControlAccess } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { type Finding, ok, problem, warning } from '../hosts/finding.ts';
import { inspectHost, postgresSettings, redisFacts } from '../hosts/host-settings.ts';
import { judgePostgres } from '../hosts/postgres-settings.ts';
import { pendingMigrations } from './pending-migrations.ts';

/** an edge's time is clamped to its host's clock plus or minus a second */
const CLOCK_DIFFERENCE_MAX_MS = 1_000;
const DATABASE = 'PostgreSQL of T';
const CONTROL_REDIS = 'control Redis';

export async function examine(access: ControlAccess): Promise<Finding[]> {
  const findings = [
    ...(await examineDatabase(access.databaseUrl)),
    ...(await examineControlRedis(access.redisUrl)),
  ];
  // hosts are known from T only
  if (findings.some(({ subject, level }) => subject === DATABASE && level === 'problem')) return findings;
  return [...findings, ...(await withControl(examineHosts, access))];
}

async function examineDatabase(url: string): Promise<Finding[]> {
  try {
    const settings = judgePostgres(DATABASE, await postgresSettings(url));
    const pending = await pendingMigrations(url);
    const migrations =
      pending.length === 0
        ? ok(DATABASE, 'all migrations are applied')
        : problem(
            DATABASE,
            `${pending.length} migrations are not applied`,
            'start the product once: npm start',
          );
    return [...settings, migrations];
  } catch (error) {
    return [problem(DATABASE, (error as Error).message, 'start it, or mend DATABASE_URL')];
  }
}

/** All in it can be rebuilt, so it need not be durable; but an evicted key would be a lost job or lease. */
async function examineControlRedis(url: string): Promise<Finding[]> {
  try {
    const { config } = await redisFacts(url);
    const policy = config?.['maxmemory-policy'] ?? 'unknown';
    return [
      policy === 'noeviction'
        ? ok(CONTROL_REDIS, 'answers, noeviction')
        : warning(CONTROL_REDIS, `maxmemory-policy is ${policy}`, 'set "maxmemory-policy noeviction"'),
    ];
  } catch (error) {
    return [
      problem(
        CONTROL_REDIS,
        `it does not answer: ${(error as Error).message}`,
        'start it, or mend REDIS_URL',
      ),
    ];
  }
}

async function examineHosts(control: Control): Promise<Finding[]> {
  const { hosts } = await control.topology.snapshot();
  if (hosts.length === 0) return [problem('hosts', 'T knows none', 'add one: foreshard hosts add URL')];
  return (await Promise.all(hosts.map(examineHost))).flat();
}

async function examineHost(host: Host): Promise<Finding[]> {
  const subject = `host ${host.id} (${host.name})`;
  const settings = await inspectHost(host.url, subject);
  const own = await examineIdentity(subject, host).catch((error: Error) => [
    problem(subject, `it cannot be looked at: ${error.message}`, 'start it, or mend its address'),
  ]);
  return [...settings, ...own];
}

async function examineIdentity(subject: string, host: Host): Promise<Finding[]> {
  const opened = await connectHost(host.url);
  try {
    const before = Date.now();
    const { hostId, incarnation, clockMicros } = await opened.identify();
    return [
      storeOf(subject, host, hostId),
      incarnation === host.incarnation
        ? ok(subject, 'the run that T knows')
        : problem(
            subject,
            'it was restarted and is not readmitted yet',
            'see that the worker runs: foreshard status',
          ),
      clockOf(subject, clockMicros / 1_000, before, Date.now()),
    ];
  } finally {
    await opened.close();
  }
}

function storeOf(subject: string, host: Host, hostId: number | undefined): Finding {
  if (hostId === host.id) return ok(subject, 'the store that T knows');
  const what = hostId === undefined ? 'its store is empty' : `its store is that of host ${hostId}`;
  return problem(subject, `${what}, T expects host ${host.id}`, 'restore its data, or mend its address');
}

/** It answered somewhere between `beforeMs` and `afterMs` of our clock. */
function clockOf(subject: string, clockMs: number, beforeMs: number, afterMs: number): Finding {
  const difference = Math.round(clockMs < beforeMs ? beforeMs - clockMs : Math.max(0, clockMs - afterMs));
  return difference <= CLOCK_DIFFERENCE_MAX_MS
    ? ok(subject, `its clock differs by ${difference} ms at most`)
    : warning(subject, `its clock differs by ${difference} ms`, 'keep the clocks together with NTP (chrony)');
}
