/**
 * Judges the settings of a Redis or Valkey as a host. Below 7.2 there is no WAITAOF, so only fsync on every
 * write makes an acknowledgement durable; and an evicted key would be a lost event.
 */
import { type Finding, ok, problem, warning } from './finding.ts';

/** INFO and CONFIG as name -> value; `config` is undefined when the service hides it */
export interface RedisFacts {
  readonly info: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, string>> | undefined;
  /** a Redis Sentinel is connected; undefined when the service hides that */
  readonly hasSentinel?: boolean | undefined;
}

/** `serving`: it is a host already, and stopping it would help nobody */
export type Standing = 'joining' | 'serving';

interface Requirement {
  readonly setting: string;
  readonly value: string;
  readonly because: string;
}

/** the server has functions and multi-part append-only files */
const OLDEST_MAJOR = 7;
/** the edge stops appending at 90 % */
const FULLNESS_WARNING = 0.8;

const REQUIREMENTS: readonly Requirement[] = [
  { setting: 'appendonly', value: 'yes', because: 'a restart would lose everything' },
  { setting: 'appendfsync', value: 'always', because: 'a crash would lose acknowledged events' },
  {
    setting: 'no-appendfsync-on-rewrite',
    value: 'no',
    because: 'a crash during a rewrite would lose acknowledged events',
  },
  {
    setting: 'aof-load-truncated',
    value: 'yes',
    because: 'it would not start after a crash in the middle of a write',
  },
  { setting: 'maxmemory-policy', value: 'noeviction', because: 'events would be evicted' },
];

export function judgeRedis(subject: string, facts: RedisFacts, standing: Standing = 'serving'): Finding[] {
  const { info, config } = facts;
  return [
    versionOf(subject, info),
    roleOf(subject, info),
    ...promotionOf(subject, facts, standing),
    ...(config === undefined ? [hidden(subject)] : settingsOf(subject, config)),
    ...writesOf(subject, info),
    memoryOf(subject, info),
  ];
}

/** BullMQ, which keeps the jobs there, counts on its commands. */
const CONTROL_OLDEST = [6, 2] as const;

/** All in it can be rebuilt, so it need not be durable; but an evicted key would be a lost job or lease. */
export function judgeControlRedis(subject: string, { info, config }: RedisFacts): Finding[] {
  const version = info.valkey_version ?? info.redis_version ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < CONTROL_OLDEST[0] || (major === CONTROL_OLDEST[0] && minor < CONTROL_OLDEST[1]);
  const policy = config?.['maxmemory-policy'] ?? info.maxmemory_policy ?? 'unknown';
  return [
    isOld
      ? problem(
          subject,
          `version ${version} is too old for the job queue`,
          'use Redis 6.2 or newer, or Valkey',
        )
      : ok(subject, `version ${version}`),
    policy === 'noeviction'
      ? ok(subject, 'answers, noeviction')
      : problem(
          subject,
          `maxmemory-policy is ${policy}: jobs, locks and leases could be evicted`,
          'set "maxmemory-policy noeviction"',
        ),
  ];
}

function versionOf(subject: string, info: RedisFacts['info']): Finding {
  const version = info.valkey_version ?? info.redis_version ?? 'unknown';
  return Number(version.split('.')[0]) >= OLDEST_MAJOR
    ? ok(subject, `version ${version}`)
    : problem(subject, `version ${version} is too old`, `use Redis ${OLDEST_MAJOR}.0 or newer, or Valkey`);
}

function roleOf(subject: string, info: RedisFacts['info']): Finding {
  if (info.cluster_enabled === '1')
    return problem(subject, 'it is a node of a Redis Cluster', 'use a standalone primary as a host');
  return info.role === 'master'
    ? ok(subject, 'a standalone primary')
    : problem(subject, `it is a ${info.role ?? 'server of unknown role'}`, 'use the address of the primary');
}

/** Redis copies to replicas after it has answered, so a promoted one may lack acknowledged events. */
function promotionOf(subject: string, { info, hasSentinel }: RedisFacts, standing: Standing): Finding[] {
  const found = standing === 'joining' ? problem : warning;
  if (hasSentinel === true)
    return [
      found(
        subject,
        'a Redis Sentinel watches it, and promotions by Sentinel are not supported yet: an automatic promotion loses acknowledged events',
        'remove it from Sentinel (SENTINEL REMOVE name)',
      ),
    ];
  const replicas = Number(info.connected_slaves ?? 0);
  if (replicas === 0) return [];
  return [
    found(
      subject,
      `it has ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}: a replica that is promoted lacks acknowledged events`,
      'detach them (REPLICAOF NO ONE there); keep its volume safe instead',
    ),
  ];
}

function settingsOf(subject: string, config: Readonly<Record<string, string>>): Finding[] {
  const wrong = REQUIREMENTS.filter(({ setting, value }) => config[setting] !== value);
  const durable =
    wrong.length === 0
      ? [ok(subject, 'appendonly yes, appendfsync always, noeviction')]
      : wrong.map(({ setting, value, because }) =>
          problem(
            subject,
            `${setting} is ${config[setting] ?? 'unknown'}: ${because}`,
            `set "${setting} ${value}" in its configuration`,
          ),
        );
  return [...durable, ...snapshotsOf(subject, config)];
}

function snapshotsOf(subject: string, config: Readonly<Record<string, string>>): Finding[] {
  const { save = '', 'stop-writes-on-bgsave-error': stops = 'yes' } = config;
  if (save === '' || stops === 'no') return [];
  return [
    warning(
      subject,
      `it takes snapshots (save "${save}"): while one fails, it refuses appends and reads`,
      'set save "": the append-only file holds everything; or set "stop-writes-on-bgsave-error no"',
    ),
  ];
}

/** What a full or failing disk leaves behind. */
function writesOf(subject: string, info: RedisFacts['info']): Finding[] {
  const cure = 'look at its log and its disk; free space there';
  if (info.aof_last_write_status === 'err')
    return [problem(subject, 'it cannot write its append-only file: it takes no events', cure)];
  if (info.aof_last_bgrewrite_status === 'err')
    return [warning(subject, 'it could not rewrite its append-only file, which grows until it can', cure)];
  return [];
}

function hidden(subject: string): Finding {
  return problem(
    subject,
    'it hides CONFIG, so nobody can tell whether it keeps what it acknowledges',
    'allow CONFIG GET for this user, or use a server that does',
  );
}

function memoryOf(subject: string, info: RedisFacts['info']): Finding {
  const [used, limit] = [Number(info.used_memory ?? 0), Number(info.maxmemory ?? 0)];
  if (limit === 0)
    return warning(
      subject,
      'it has no memory limit',
      'set maxmemory, so that it refuses events before the machine does',
    );
  const share = used / limit;
  const what = `${Math.round(share * 100)} % of ${Math.round(limit / 1_048_576)} MB used`;
  return share < FULLNESS_WARNING
    ? ok(subject, what)
    : warning(subject, what, 'add a host, shorten the retention, or raise maxmemory');
}
