/** What the doctor looks at, in the order in which one thing rests on another. */
import type { Host } from '@foreshard/core/topology';
import { type Control, connectHost } from '../composition.ts';
import { type ControlAccess, dataDir } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { engineOf } from '../hosts/address.ts';
import { type Finding, ok, problem } from '../hosts/finding.ts';
import { inspectHost, postgresSettings, redisFacts } from '../hosts/host-settings.ts';
import { judgePostgres } from '../hosts/postgres-settings.ts';
import { clockFinding, examineState } from './database-state.ts';
import { examineDisk, examineEngineDisk } from './disk-space.ts';
import { pendingMigrations } from './pending-migrations.ts';

const DATABASE = 'PostgreSQL of T';
const CONTROL_REDIS = 'control Redis';

export async function examine(access: ControlAccess): Promise<Finding[]> {
  const findings = [
    ...(await examineDatabase(access.databaseUrl)),
    ...(await examineControlRedis(access.redisUrl)),
    ...(await examineDisk('this machine', dataDir())),
  ];
  // hosts are known from T only
  if (findings.some(({ subject, level }) => subject === DATABASE && level === 'problem')) return findings;
  return [...findings, ...(await withControl(examineHosts, access))];
}

async function examineDatabase(url: string): Promise<Finding[]> {
  try {
    const facts = await postgresSettings(url);
    const settings = judgePostgres(DATABASE, facts);
    const pending = await pendingMigrations(url);
    const migrations =
      pending.length === 0
        ? ok(DATABASE, 'all migrations are applied')
        : problem(
            DATABASE,
            `${pending.length} migrations are not applied`,
            'start the product once: npm start',
          );
    // the state is read from tables that a migration makes
    const state = pending.length === 0 ? await examineState(DATABASE, url) : [];
    return [
      ...settings,
      migrations,
      ...state,
      ...(await examineEngineDisk(DATABASE, url, facts.data_directory)),
    ];
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
        : problem(
            CONTROL_REDIS,
            `maxmemory-policy is ${policy}: jobs, locks and leases could be evicted`,
            'set "maxmemory-policy noeviction"',
          ),
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
  return [...settings, ...own, ...(await examineHostDisk(subject, host))];
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
      clockFinding(subject, clockMicros / 1_000, before, Date.now()),
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

async function examineHostDisk(subject: string, { url }: Host): Promise<Finding[]> {
  try {
    const folder =
      engineOf(url) === 'redis'
        ? (await redisFacts(url)).config?.dir
        : (await postgresSettings(url)).data_directory;
    return await examineEngineDisk(subject, url, folder);
  } catch {
    // that it does not answer is told by the others
    return [];
  }
}
