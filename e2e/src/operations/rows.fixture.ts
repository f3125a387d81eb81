/** What the suite asks of each operation: a request that is refused, and one that is answered. */
import type { ErrorCode } from '@foreshard/core/kernel';
import type { Input } from './surfaces.fixture.ts';

export interface Row {
  readonly refused?: {
    readonly input: Input;
    readonly code: ErrorCode;
    /** the same at the command line */
    readonly command?: readonly string[];
  };
  /** of a query: every surface answers the same document */
  readonly answered?: { readonly input: Input; readonly command?: readonly string[] };
}

const NOBODY = 999_999;
const AT = String(NOBODY);
const EVENT = { specversion: '1.0', id: '1', source: '/suite', type: 'asked', subject: 'a' };
const GROUP = { group: 'nowhere', member: 'm-1' };
const HINT = { from: '2126-01-01T00:00:00Z', to: '2126-01-01T01:00:00Z', factor: 2, because: 'a' };
const REMARK = { from: '2126-01-01T00:00:00Z', text: 'a' };
const NO_ID = '01a1ff5c-50c3-7438-a09a-41089442e032';
const NOBODY_MAIL = 'nobody@example.org';
const CSV = 'time,partition,host,events,bytes\n';
const CHECKPOINT = NO_ID;
const HELD = { ...GROUP, shardlet: 1, assignment: 1 };
const SEEN = { revision: 1, topologyVersion: 1 };
const POSITION = { shardlet: 1, seq: 1, epoch: 1, assignment: 1 };

const unknown = (code: ErrorCode, input: Input, ...command: string[]): Row => ({
  refused: { input, code, ...(command.length === 0 ? {} : { command }) },
});
const migration = (...command: string[]) =>
  unknown('unknown_migration', { migration: NOBODY }, 'migrations', ...command, AT);
const missingGroup = (command: string, input: Input = {}, ...more: string[]) =>
  unknown('unknown_group', { group: 'nowhere', ...input }, 'groups', 'letters', command, 'nowhere', ...more);
const ofCheckpoint = (command: string): Row =>
  unknown(
    ...(['unknown_group', { group: 'nowhere', checkpoint: CHECKPOINT }] as const),
    ...['groups', 'checkpoints', command, 'nowhere', CHECKPOINT],
  );
const missing = (input: Input, ...command: string[]) => unknown('not_found', input, ...command);
const wrong = (input: Input, ...command: string[]) => unknown('invalid_order', input, ...command);

export const ROWS: Readonly<Record<string, Row>> = {
  'events.ingest': unknown('unknown_stream', { stream: 'nowhere', events: [EVENT] }),
  'reading.log': {
    ...unknown('unknown_stream', { stream: 'nowhere' }),
    answered: { input: { stream: 'main', limit: 1 } },
  },
  'reading.key': unknown('unknown_stream', { stream: 'nowhere', key: 'a' }),
  'reading.shardlet': unknown('unknown_shardlet', { shardlet: NOBODY }),
  'consuming.poll': unknown('unknown_group', GROUP),
  'consuming.commit': unknown('unknown_group', { ...GROUP, positions: [POSITION] }),
  'consuming.report': unknown('unknown_group', { ...GROUP, shardlet: 1, seq: 1, assignment: 1, reason: 'a' }),
  'consuming.leave': unknown('unknown_group', GROUP),
  'consuming.follow': unknown('unknown_group', GROUP),
  'keepingState.announce': unknown('unknown_group', {
    ...{ ...HELD, seq: 0, epoch: 0, handlerVersion: '1', bytes: 1, keys: 1, reason: 'due' },
    digest: `sha-256:${'0'.repeat(64)}`,
  }),
  'keepingState.upload': unknown('unknown_group', { group: 'nowhere', checkpoint: CHECKPOINT, content: 'a' }),
  'keepingState.content': unknown('unknown_group', { ...GROUP, checkpoint: CHECKPOINT }),
  'keepingState.recover': unknown('unknown_group', { ...HELD, handlerVersion: '1' }),
  'keepingState.replay': unknown('unknown_group', { ...HELD, of: 1, after: 0, through: 1 }),
  'keepingState.recovered': unknown('unknown_group', {
    ...{ ...HELD, restoreMs: 1, bytes: 1, replayedEvents: 1, replayMs: 1 },
  }),
  'telemetry.accesses': unknown('invalid_record', { records: [{ key: '' }] }),
  'telemetry.instances': unknown('invalid_record', { records: [{ id: '' }] }),
  'topology.map': { ...unknown('unknown_stream', { stream: 'nowhere' }), answered: { input: {} } },

  'anticipation.status': {
    ...unknown(
      ...(['unknown_stream', { stream: 'nowhere' }] as const),
      ...['anticipation', 'status', '--stream', 'nowhere'],
    ),
    answered: { input: { stream: 'main' }, command: ['anticipation', 'status'] },
  },
  'anticipation.map': {
    ...unknown(
      ...(['unknown_stream', { stream: 'nowhere' }] as const),
      ...['anticipation', 'map', '--stream', 'nowhere'],
    ),
    answered: { input: { stream: 'main' }, command: ['anticipation', 'map'] },
  },
  'anticipation.prefetching': {},
  'anticipation.matrix': {
    ...unknown(
      ...(['unknown_stream', { stream: 'nowhere' }] as const),
      ...['anticipation', 'matrix', '--stream', 'nowhere'],
    ),
    answered: { input: { stream: 'main' }, command: ['anticipation', 'matrix'] },
  },
  'anticipation.surges': {
    ...unknown(
      ...(['unknown_stream', { stream: 'nowhere' }] as const),
      ...['anticipation', 'surges', '--stream', 'nowhere'],
    ),
    answered: { input: { stream: 'main' }, command: ['anticipation', 'surges'] },
  },

  'hosts.list': { answered: { input: {}, command: ['hosts', 'list'] } },
  'hosts.add': wrong({ url: 'nonsense' }, 'hosts', 'add', 'nonsense'),
  'hosts.describe': unknown(
    ...(['unknown_host', { host: NOBODY, zone: 'north' }] as const),
    ...['hosts', 'describe', AT, '--zone', 'north'],
  ),
  'hosts.remove': unknown('unknown_host', { host: NOBODY }, 'hosts', 'remove', AT),
  'hosts.drain': unknown('unknown_host', { host: NOBODY }, 'drain', AT),
  'hosts.undrain': unknown('unknown_host', { host: NOBODY }, 'drain', AT, '--undo'),
  'hosts.loss': unknown('unknown_host', { host: NOBODY }, 'hosts', 'accept-loss', AT, '--dry-run'),
  'hosts.acceptLoss': unknown(
    ...(['unknown_host', { host: NOBODY, incarnation: 'a' }] as const),
    ...['hosts', 'accept-loss', AT, '--yes'],
  ),

  'migrations.list': { answered: { input: {}, command: ['migrations', 'list'] } },
  'migrations.show': migration('show'),
  'migrations.start': unknown(
    ...(['unknown_shardlet', { shardlets: [NOBODY], to: 1 }] as const),
    ...['move', AT, '--to', '1'],
  ),
  'migrations.pause': migration('pause'),
  'migrations.resume': migration('resume'),
  'migrations.abort': migration('abort'),
  'migrations.moveBack': migration('move-back'),
  'migrations.pauseAll': wrong({ reason: '' }, 'pause-all', '--reason', ''),
  'migrations.resumeAll': wrong({ reason: '' }, 'resume-all', '--reason', ''),
  'migrations.limit': wrong({ concurrencyMax: 0 }, 'migrations', 'limit', '--concurrency', '0'),

  'shardlets.show': {
    ...unknown('unknown_shardlet', { shardlet: NOBODY }),
    answered: { input: { shardlet: 1 } },
  },
  'shardlets.split': unknown('unknown_shardlet', { shardlet: NOBODY }, 'split', AT),
  'shardlets.roll': unknown('unknown_shardlet', { shardlet: NOBODY }, 'roll', AT),
  'shardlets.merge': unknown('unknown_shardlet', { shardlets: [NOBODY, NOBODY + 1] }, 'merge', AT, '1000000'),

  'streams.list': { answered: { input: {}, command: ['streams', 'list'] } },
  'streams.create': wrong({ name: '' }, 'streams', 'create', ''),
  'streams.alter': unknown(
    ...(['unknown_stream', { stream: 'nowhere', retentionMs: 86_400_000 }] as const),
    ...['streams', 'alter', 'nowhere', '--retention', '1d'],
  ),
  'streams.delete': unknown('unknown_stream', { stream: 'nowhere' }, 'streams', 'delete', 'nowhere', '--yes'),

  'groups.list': { answered: { input: {} } },
  'groups.summaries': {
    ...unknown('invalid_parameter', { limit: 0 }),
    answered: { input: { search: 'nothing-of-this-name' } },
  },
  'groups.create': unknown(
    ...(['unknown_stream', { name: 'g', stream: 'nowhere' }] as const),
    ...['groups', 'create', 'g', '--stream', 'nowhere'],
  ),
  'groups.push': {
    refused: {
      code: 'invalid_parameter',
      input: { group: 'g', url: 'http://10.0.0.1/hook' },
      command: ['groups', 'push', 'g', '--push', 'http://10.0.0.1/hook'],
    },
  },
  'groups.show': unknown('unknown_group', { group: 'nowhere' }, 'groups', 'list', 'nowhere'),
  'groups.remove': unknown('unknown_group', { group: 'nowhere' }, 'groups', 'remove', 'nowhere'),

  'checkpoints.recoveries': unknown(
    ...(['unknown_group', { group: 'nowhere' }] as const),
    ...['groups', 'checkpoints', 'recoveries', 'nowhere'],
  ),
  'checkpoints.list': unknown(
    ...(['unknown_group', { group: 'nowhere' }] as const),
    ...['groups', 'checkpoints', 'list', 'nowhere'],
  ),
  'checkpoints.show': ofCheckpoint('show'),
  'checkpoints.verify': ofCheckpoint('verify'),
  'checkpoints.drill': unknown(
    ...(['unknown_group', { group: 'nowhere', shardlet: 1 }] as const),
    ...['groups', 'checkpoints', 'drill', 'nowhere', '1'],
  ),
  'checkpoints.remove': ofCheckpoint('remove'),
  'checkpoints.prune': unknown(
    ...(['unknown_group', { group: 'nowhere' }] as const),
    ...['groups', 'checkpoints', 'prune', 'nowhere'],
  ),
  'checkpoints.alter': unknown(
    ...(['unknown_group', { group: 'nowhere', keep_count: 5 }] as const),
    ...['groups', 'checkpoints', 'alter', 'nowhere', '--keep', '5'],
  ),
  'checkpoints.effect': unknown(
    ...(['unknown_group', { group: 'nowhere', checkpoint_threshold: 5 }] as const),
    ...['groups', 'checkpoints', 'effect', 'nowhere', '--threshold', '5'],
  ),

  'deadLetters.list': missingGroup('list'),
  'deadLetters.show': unknown(
    ...(['unknown_group', { group: 'nowhere', letter: '1:1:1' }] as const),
    ...['groups', 'letters', 'show', 'nowhere', '1:1:1'],
  ),
  'deadLetters.redrive': missingGroup('redrive', { all: true }, '--all'),
  'deadLetters.discard': missingGroup('discard', { all: true }, '--all'),
  'deadLetters.restore': missingGroup('restore', { all: true }, '--all'),

  'quotas.list': { answered: { input: {}, command: ['quotas', 'list'] } },
  'quotas.set': unknown(
    ...(['unknown_stream', { scope: 'stream', subject: 'nowhere', eventsPerSecond: 1 }] as const),
    ...['quotas', 'set', 'stream', 'nowhere', '--events-per-second', '1'],
  ),
  'quotas.remove': unknown(
    ...(['unknown_quota', { scope: 'stream', subject: 'main' }] as const),
    ...['quotas', 'remove', 'stream', 'main'],
  ),

  'tokens.list': { answered: { input: {}, command: ['tokens', 'list'] } },
  'tokens.create': wrong({ name: '' }, 'tokens', 'create', '', '--scope', 'read'),
  'tokens.rotate': unknown('unknown_token', { id: 'nobody' }, 'tokens', 'rotate', 'nobody'),
  'tokens.revoke': unknown('unknown_token', { token: 'nobody' }, 'tokens', 'revoke', 'nobody'),

  // other rows of the suite are denied meanwhile
  'audit.list': {
    answered: {
      input: { operation: 'nothing.here' },
      command: ['audit', 'list', '--operation', 'nothing.here', '--limit', '100'],
    },
  },
  'audit.chain': {},
  'audit.show': missing({ id: AT }, 'audit', 'show', AT),
  'users.list': { answered: { input: {}, command: ['users', 'list'] } },
  'users.show': missing({ user: NOBODY_MAIL }, 'users', 'show', NOBODY_MAIL),
  'users.invite': wrong(
    ...([{ email: 'nonsense', roles: [{ role: 'viewer' }] }] as const),
    ...['users', 'invite', 'nonsense', '--role', 'viewer'],
  ),
  'users.link': missing({ user: NOBODY_MAIL }),
  'users.change': missing({ user: NO_ID, state: 'disabled' }, 'users', 'disable', NO_ID),
  'users.remove': missing({ user: NOBODY_MAIL }, 'users', 'remove', NOBODY_MAIL),
  'users.invitations': { answered: { input: {}, command: ['users', 'invitations'] } },
  'users.revokeInvitation': missing({ invitation: NO_ID }, 'users', 'revoke-invitation', NO_ID),
  'sessions.list': {
    ...missing({ user: NOBODY_MAIL }, 'sessions', 'list', '--user', NOBODY_MAIL),
    answered: { input: {}, command: ['sessions', 'list'] },
  },
  'sessions.end': missing({ session: NO_ID }, 'sessions', 'end', NO_ID),
  'sessions.endAll': missing({ user: NOBODY_MAIL }, 'sessions', 'end-all', '--user', NOBODY_MAIL),
  'account.show': {},
  'account.sessions': unknown('forbidden', {}),
  'account.endSession': unknown('forbidden', { session: NO_ID }),
  'account.endOtherSessions': unknown('forbidden', {}, 'sessions', 'end-mine'),
  'account.device': unknown('not_found', { code: 'BCDF-GHJK' }),
  'account.decideDevice': unknown('forbidden', { code: 'BCDF-GHJK', approve: true }),
  'account.changePassword': unknown('forbidden', { current: 'a', password: 'b' }),

  'clusters.list': { answered: { input: {}, command: ['clusters', 'list'] } },
  'clusters.show': missing({ name: 'nowhere' }, 'clusters', 'show', 'nowhere'),
  'clusters.add': unknown('invalid_record', { name: 'c', hosts: [{ name: '' }] }),
  'clusters.importLoad': unknown('invalid_csv', { name: 'nowhere', load: CSV }),
  'clusters.change': missing({ name: 'nowhere', webhook: null }, 'clusters', 'webhook', 'nowhere'),
  'clusters.remove': missing({ name: 'nowhere' }, 'clusters', 'remove', 'nowhere'),
  'clusters.plan': missing({ name: 'nowhere' }, 'clusters', 'plan', 'nowhere'),

  'demo.status': { answered: { input: {}, command: ['demo', 'status'] } },
  'demo.start': wrong({ seed: 4_000_000_000 }, 'demo', '--seed', '4000000000'),
  'demo.stop': unknown('conflict', {}, 'demo', 'stop'),

  'hints.list': { answered: { input: {}, command: ['hints', 'list'] } },
  'hints.add': unknown(
    ...(['unknown_stream', { ...HINT, stream: 'nowhere' }] as const),
    ...['hints', 'add', '--from', HINT.from, '--to', HINT.to, '--because', 'a', '--factor', '2'],
    ...['--stream', 'nowhere'],
  ),
  'hints.remove': missing({ id: NO_ID }, 'hints', 'remove', NO_ID),
  'hints.restore': missing({ id: NO_ID }, 'hints', 'restore', NO_ID),

  'annotations.list': { answered: { input: {}, command: ['annotations', 'list'] } },
  'annotations.add': unknown(
    ...(['unknown_stream', { ...REMARK, stream: 'nowhere' }] as const),
    ...['annotations', 'add', 'a', '--from', REMARK.from, '--stream', 'nowhere'],
  ),
  'annotations.remove': missing({ id: NO_ID }, 'annotations', 'remove', NO_ID),
  'annotations.restore': missing({ id: NO_ID }, 'annotations', 'restore', NO_ID),

  'notifications.listTargets': { answered: { input: {}, command: ['notifications', 'list'] } },
  'notifications.addTarget': unknown(
    ...(['invalid_record', { name: '', url: 'http://a.example' }] as const),
    ...['notifications', 'add', '', 'http://a.example'],
  ),
  'notifications.changeTarget': missing(
    ...([{ name: 'nowhere', enabled: false }] as const),
    ...['notifications', 'pause', 'nowhere'],
  ),
  'notifications.removeTarget': missing({ name: 'nowhere' }, 'notifications', 'remove', 'nowhere'),
  'notifications.testTarget': missing({ name: 'nowhere' }, 'notifications', 'test', 'nowhere'),
  'notifications.listDeliveries': { answered: { input: {}, command: ['notifications', 'deliveries'] } },
  'notifications.showDelivery': missing({ id: NO_ID }),
  'notifications.redeliver': missing({ id: NO_ID }, 'notifications', 'redeliver', NO_ID),
  'notifications.listAlarms': { answered: { input: {}, command: ['notifications', 'alarms'] } },

  'recommendations.list': { answered: { input: {}, command: ['recommendations', 'list'] } },
  'recommendations.read': unknown('not_found', { recommendation: NOBODY }, 'recommendations', 'show', AT),
  'recommendations.approve': unknown('not_found', { recommendation: NOBODY, ...SEEN }),
  'recommendations.approveSeveral': unknown(
    ...(['not_found', { requests: [{ recommendation: NOBODY, ...SEEN }] }] as const),
    ...['approve', AT],
  ),
  'recommendations.reject': unknown(
    ...(['not_found', { recommendation: NOBODY, note: 'no' }] as const),
    ...['reject', AT, '--reason', 'no'],
  ),
  'recommendations.decisions': unknown(
    ...(['invalid_parameter', { limit: 0 }] as const),
    ...['recommendations', 'decisions', '--limit', '0'],
  ),
  'plans.list': { answered: { input: {}, command: ['plans', 'list'] } },
  'plans.read': unknown('not_found', { plan: NOBODY }, 'plans', 'show', AT),
  'plans.approve': unknown('not_found', { plan: NOBODY, ...SEEN }, 'plans', 'approve', AT),
  'plans.schedule': unknown(
    ...(['not_found', { plan: NOBODY, ...SEEN, when: 'window' }] as const),
    ...['plans', 'schedule', AT, '--window'],
  ),
  'plans.withdraw': unknown(
    ...(['not_found', { plan: NOBODY, note: 'no' }] as const),
    ...['plans', 'withdraw', AT, '--reason', 'no'],
  ),
  'plans.undo': unknown('not_found', { plan: NOBODY }, 'plans', 'undo', AT),
  'policy.read': { answered: { input: {}, command: ['policy', 'show'] } },
  'policy.versions': { answered: { input: {}, command: ['policy', 'versions'] } },
  'policy.change': unknown('conflict', { from: NOBODY, policy: {} }),
  'policy.rollBack': unknown('not_found', { from: 0, to: NOBODY }, 'policy', 'rollback', AT),
  'policy.firings': unknown('invalid_record', { policy: { mode: 'nonsense' } }),
  'whatIf.ask': unknown('invalid_record', { changes: [{ kind: 'nonsense' }] }),
  'models.list': {
    ...unknown('unknown_stream', { stream: 'nowhere' }),
    answered: { input: { stream: 'main' }, command: ['forecasts', 'list'] },
  },
  'models.trainings': { answered: { input: {} } },
  'models.retrain': unknown(
    ...(['unknown_stream', { stream: 'nowhere' }] as const),
    ...['forecasts', 'retrain', '--stream', 'nowhere'],
  ),
  'models.promote': unknown('not_found', { version: NOBODY }, 'forecasts', 'promote', AT),
  'models.rollBack': unknown(
    ...(['unknown_stream', { stream: 'nowhere' }] as const),
    ...['forecasts', 'rollback', '--stream', 'nowhere'],
  ),
  'cache.stats': {},
  'jobs.run': unknown('invalid_parameter', { job: 'nonsense' }, 'jobs', 'run', 'nonsense'),
};

/** Queries whose answer is compared elsewhere, with the reason. */
export const NOT_ANSWERED: Readonly<Record<string, string>> = {
  'account.show': 'it answers who asks, who is another on each surface',
  'account.device': 'needs a command line that waits: handlers/account.test.ts',
  'account.sessions': 'a token has none: handlers/sessions.test.ts',
  'users.show': 'needs a person: handlers/users.test.ts',
  'reading.key': 'as reading.log',
  'reading.shardlet': 'as reading.log',
  'consuming.follow': 'it does not end',
  'policy.firings': 'a worker answers: planning.contract.test.ts',
  'recommendations.decisions': 'the planner goes on deciding',
  'plans.read': 'needs a plan: plans.contract.test.ts',
  'recommendations.read': 'needs a plan: planning.contract.test.ts',
  'whatIf.ask': 'a worker answers: planning.contract.test.ts',
  'clusters.plan': 'needs a cluster: clusters.contract.test.ts',
  'clusters.show': 'needs a cluster: clusters.contract.test.ts',
  'notifications.showDelivery': 'needs a delivery: notifications.contract.test.ts',
  'groups.show': 'needs a group: consuming.contract.test.ts',
  'keepingState.content': 'needs a checkpoint: keeping-state.contract.test.ts',
  'checkpoints.recoveries': 'needs a group: checkpoints-due.contract.test.ts',
  'checkpoints.list': 'needs a group: keeping-state.contract.test.ts',
  'checkpoints.show': 'needs a checkpoint: keeping-state.contract.test.ts',
  'checkpoints.effect': 'needs a group: checkpoint-effect.contract.test.ts',
  'deadLetters.list': 'needs a group: dead-letters.contract.test.ts',
  'deadLetters.show': 'needs a letter: dead-letters.contract.test.ts',
  'audit.chain': 'a worker publishes it meanwhile: audit.contract.test.ts',
  'audit.show': 'needs a record: audit.contract.test.ts',
  'anticipation.prefetching': 'each edge reports its own: prefetching.contract.test.ts',
  'cache.stats': 'each edge reports its own every second: cached.contract.test.ts',
  'hosts.loss': 'needs a host that went back: accept-loss.contract.test.ts',
  'migrations.show': 'needs a move: restructure.contract.test.ts',
};

/** Operations whose command cannot ask what the row asks, with the reason. */
export const COMMAND_DIFFERS: Readonly<Record<string, string>> = {
  'audit.chain': 'it shows the head alone: audit.contract.test.ts',
  'anticipation.prefetching': 'it has nothing to refuse: prefetching.contract.test.ts',
  'cache.stats': 'it has nothing to refuse: cached.contract.test.ts',
  'account.show': 'it answers who asks, and has nothing to refuse',
  'clusters.add': 'it reads a file',
  'clusters.importLoad': 'it reads a file',
  'groups.summaries': 'it asks for all pages',
  'policy.change': 'it names the version that it has just read',
  'whatIf.ask': 'it refuses a change that it cannot write down',
};

/** Operations whose command refuses what the row asks as it reads its own options: `bad_input`, without an operation. */
export const COMMAND_READS: Readonly<Record<string, string>> = {
  'migrations.limit': 'its amounts have units',
  'recommendations.decisions': 'its limit is a number',
  'jobs.run': 'it lists the jobs there are',
};

const STATE_CALLS = ['announce', 'upload', 'content', 'recover', 'replay', 'recovered'];
const stateCalls = (reason: string) =>
  Object.fromEntries(STATE_CALLS.map((name) => [`keepingState.${name}`, reason]));

/** Operations that a surface lacks, with the reason. */
export const LACKING: Readonly<Record<'trpc' | 'console' | 'command', Readonly<Record<string, string>>>> = {
  trpc: {
    'reading.log': 'events.read reads the pages of the log and of keys',
    'reading.key': 'events.read reads the pages of the log and of keys',
    'reading.shardlet': 'a tool for people, not for clients in TypeScript',
    'consuming.poll': 'members are written in any language, over REST',
    'consuming.commit': 'members are written in any language, over REST',
    'consuming.report': 'members are written in any language, over REST',
    'consuming.leave': 'members are written in any language, over REST',
    'consuming.follow': 'server-sent events',
    ...stateCalls('members are written in any language, over REST'),
    'telemetry.accesses': 'its input is the records themselves, see trpc.contract.test.ts',
    'telemetry.instances': 'its input is the records themselves, see trpc.contract.test.ts',
    'topology.map': 'clients need no map',
  },
  console: Object.fromEntries(
    [
      ...['events.ingest', 'reading.log', 'reading.key', 'reading.shardlet', 'topology.map'],
      ...['consuming.poll', 'consuming.commit', 'consuming.report', 'consuming.leave', 'consuming.follow'],
      ...['telemetry.accesses', 'telemetry.instances'],
      ...STATE_CALLS.map((name) => `keepingState.${name}`),
    ].map((name) => [name, 'the console shows events and the map in views of its own, and sends nothing']),
  ),
  command: {
    'events.ingest': '"foreshard send" batches, and sends again what was not stored',
    'reading.log': '"foreshard tail" follows',
    'reading.key': '"foreshard tail --key" follows',
    'reading.shardlet': 'for programs',
    'consuming.poll': '"foreshard consume" is a member',
    'consuming.commit': '"foreshard consume" is a member',
    'consuming.report': 'the client library reports',
    'consuming.leave': '"foreshard consume" is a member',
    'consuming.follow': '"foreshard consume" is a member',
    ...stateCalls('the client library keeps state'),
    'telemetry.accesses': 'for programs',
    'telemetry.instances': 'for programs',
    'topology.map': 'for programs; "foreshard status" shows the cluster',
    'recommendations.approve': '"foreshard approve" approves several, or one',
    'policy.firings': 'for the page that edits the policy',
    'models.trainings': 'for the page of forecasts',
    'notifications.showDelivery': 'for programs',
    'groups.list': '"foreshard groups" shows their summaries',
    'users.link': '"foreshard users link" works on the machine itself, without an edge',
    'account.sessions': 'for people at the console: a token has no sessions',
    'account.endSession': 'for people at the console: a token has no sessions',
    'account.device': 'for people at the console, who let "foreshard login" in',
    'account.decideDevice': 'for people at the console, who let "foreshard login" in',
    'account.changePassword': 'for people at the console: a token has no password',
    'shardlets.show': '"split --wait" asks by it; the console shows shardlets',
  },
};
