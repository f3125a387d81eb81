/** Of each view: a question that is answered, questions that are refused, and which of its stores it cannot do without. */

type Without = 'refused' | 'answered';

export interface ViewRow {
  readonly input?: unknown;
  /** inputs that are refused, each with the member that is wrong */
  readonly bad?: readonly (readonly [input: object, member: string])[];
  /** before the topology is known, with every server away */
  readonly blind: Without;
  /** with the topology known, when PostgreSQL goes away; there is no worker and no edge */
  readonly cut: Without;
}

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const TO_MS = 1_800_000_000_000;
const WINDOW = { fromMs: TO_MS - HOUR_MS, toMs: TO_MS };
const FROM = '4000000000000000';
const NO_ID = '01a1ff5c-50c3-7438-a09a-41089442e032';

/** needs stores that are not the map */
const STORES = { blind: 'refused', cut: 'refused' } as const;
/** needs nothing but the map */
const MAP = { blind: 'refused', cut: 'answered' } as const;
const NOTHING = { blind: 'answered', cut: 'answered' } as const;

const BAD_WINDOWS: ViewRow['bad'] = [
  [{}, 'fromMs'],
  [{ ...WINDOW, fromMs: -1 }, 'fromMs'],
  [{ fromMs: TO_MS, toMs: TO_MS + 59_999 }, 'toMs'],
  [{ fromMs: TO_MS - 400 * DAY_MS - 1, toMs: TO_MS }, 'fromMs'],
  [{ ...WINDOW, metric: 'nonsense' }, 'metric'],
  [{ ...WINDOW, shard: -1 }, 'shard'],
  [{ ...WINDOW, from: FROM }, 'to'],
  [{ ...WINDOW, from: FROM, to: FROM }, 'to'],
  [{ ...WINDOW, from: '10000000000000000', to: FROM }, 'to'],
  [{ ...WINDOW, from: 'xyz', to: FROM }, 'from'],
];
const BAD_PICTURES: ViewRow['bad'] = [
  ...BAD_WINDOWS,
  [{ ...WINDOW, columns: 0 }, 'columns'],
  [{ ...WINDOW, columns: 4_001 }, 'columns'],
  [{ ...WINDOW, rows: 0 }, 'rows'],
  [{ ...WINDOW, rows: 2_001 }, 'rows'],
];
const BAD_FILTERS: ViewRow['bad'] = [
  [{ stream: 'No Name' }, 'stream'],
  [{ shardlet: 0 }, 'shardlet'],
  [{ low: '4' }, 'low'],
  [{ since: 'yesterday' }, 'since'],
  [{ type: 'x'.repeat(4_097) }, 'type'],
];
const BAD_RESOLUTION: ViewRow['bad'] = [[{ resolution: '2h' }, 'resolution']];

export const VIEWS: Readonly<Record<string, ViewRow>> = {
  'overview.now': NOTHING,
  'overview.standing': STORES,
  'heat.picture': { ...STORES, input: WINDOW, bad: BAD_PICTURES },
  'heat.cell': { ...STORES, input: { ...WINDOW, from: FROM, to: '8000000000000000' }, bad: BAD_WINDOWS },
  'heat.forecast': {
    ...{ ...STORES, input: WINDOW },
    bad: [...BAD_PICTURES, [{ ...WINDOW, show: 'nonsense' }, 'show']],
  },
  'forecasts.picture': { ...STORES, input: {}, bad: [...BAD_RESOLUTION, [{ shardlet: 0 }, 'shardlet']] },
  'forecasts.models': { ...STORES, input: {}, bad: BAD_RESOLUTION },
  'forecasts.runs': STORES,
  'forecasts.ranking': {
    ...{ ...STORES, input: { inMs: HOUR_MS } },
    bad: [
      [{}, 'inMs'],
      [{ inMs: -1 }, 'inMs'],
      [{ inMs: DAY_MS + 1 }, 'inMs'],
      [{ inMs: 1, n: 0 }, 'n'],
      [{ inMs: 1, n: 1_001 }, 'n'],
    ],
  },
  'forecasts.probability': {
    ...{ ...STORES, input: { horizonMs: HOUR_MS, target: { kind: 'key', name: 'a' } } },
    bad: [
      [{ horizonMs: 59_999, shardlet: 1 }, 'horizonMs'],
      [{ horizonMs: DAY_MS + 1, shardlet: 1 }, 'horizonMs'],
      [{ horizonMs: HOUR_MS }, 'either a shardlet or a target'],
      [{ horizonMs: HOUR_MS, shardlet: 1, target: { kind: 'key', name: 'a' } }, 'either a shardlet'],
      [{ horizonMs: HOUR_MS, shardlet: 0 }, 'shardlet'],
      [{ horizonMs: HOUR_MS, target: { kind: 'colour', name: 'a' } }, 'kind'],
      [{ horizonMs: HOUR_MS, target: { kind: 'key', name: '' } }, 'name'],
    ],
  },
  'hints.list': {
    ...{ ...STORES, input: WINDOW },
    bad: [
      [{ fromMs: 1, toMs: 1 }, 'at most 400 days'],
      [{ fromMs: 0, toMs: 400 * DAY_MS + 1 }, 'at most 400 days'],
    ],
  },
  'hints.effect': { ...STORES, input: { id: NO_ID }, bad: [[{ id: '7' }, 'id']] },
  'hot.list': {
    ...{ ...STORES, input: {} },
    bad: [
      [{ span: '2h' }, 'span'],
      [{ metric: 'nonsense' }, 'metric'],
      [{ n: 0 }, 'n'],
      [{ n: 101 }, 'n'],
    ],
  },
  'shardMap.picture': { ...MAP, input: {}, bad: [[{ stream: 7 }, 'stream']] },
  'shardMap.moves': MAP,
  'events.page': {
    ...{ ...STORES, input: {} },
    bad: [...BAD_FILTERS, [{ limit: 0 }, 'limit'], [{ limit: 501 }, 'limit']],
  },
  'consumers.list': {
    ...{ ...STORES, input: {} },
    bad: [
      [{ search: 'g'.repeat(65) }, 'search'],
      [{ page: 0 }, 'page'],
    ],
  },
  'consumers.caches': STORES,
  'consumers.detail': {
    ...{ ...STORES, input: { group: 'g' } },
    bad: [
      [{ group: '' }, 'group'],
      [{ group: 'g'.repeat(65) }, 'group'],
      [{ group: 'g', page: 0 }, 'page'],
      [{ group: 'g', member: '' }, 'member'],
    ],
  },
  'health.list': {
    ...{ ...STORES, input: {} },
    bad: [
      [{ limit: 0 }, 'limit'],
      [{ limit: 501 }, 'limit'],
    ],
  },
  'health.subject': {
    ...{ ...STORES, input: { kind: 'host', id: 1 } },
    bad: [
      [{ kind: 'stream', id: 1 }, 'kind'],
      [{ kind: 'host', id: 0 }, 'id'],
      [{ kind: 'host', id: 1, hours: 0 }, 'hours'],
      [{ kind: 'host', id: 1, hours: 721 }, 'hours'],
    ],
  },
  // the control Redis has its runs
  'jobs.list': MAP,
  'api.describe': NOTHING,
  'palette.find': { ...MAP, input: { text: 'a' }, bad: [[{ text: 'x'.repeat(101) }, 'text']] },
  'hosts.list': MAP,
  'hosts.removable': { ...STORES, input: { host: 1 }, bad: [[{ host: 0 }, 'host']] },
  'streams.list': MAP,
  'shardlets.list': {
    ...{ ...MAP, input: {} },
    bad: [
      [{ state: 'lost' }, 'state'],
      [{ sort: 'colour' }, 'sort'],
      [{ page: 0 }, 'page'],
      [{ pageSize: 0 }, 'pageSize'],
      [{ pageSize: 201 }, 'pageSize'],
    ],
  },
  'shardlets.choices': STORES,
  'migrations.list': { ...STORES, input: {}, bad: [[{ ended: 'yes' }, 'ended']] },
  'migrations.show': { ...STORES, input: { id: 1 }, bad: [[{ id: 0 }, 'id']] },
  'recommendations.list': { ...STORES, input: {}, bad: [[{ ended: 'yes' }, 'ended']] },
  'recommendations.churn': STORES,
  'recommendations.plans': STORES,
  'recommendations.waiting': STORES,
  'recommendations.history': { ...STORES, input: {}, bad: [[{ state: 'old' }, 'state']] },
  'recommendations.decisions': STORES,
  // without a worker they are answered with the reason
  'whatIf.ask': {
    ...{ ...MAP, input: { changes: [] } },
    bad: [
      [{}, 'changes'],
      [{ changes: Array(101).fill({ kind: 'add-hosts', count: 1 }) }, 'changes'],
      [{ changes: [{ kind: 'hope' }] }, 'kind'],
      [{ changes: [{ kind: 'add-hosts', count: 0 }] }, 'count'],
      [{ changes: [], more: 1 }, 'more'],
    ],
  },
  'whatIf.names': MAP,
  'policies.current': STORES,
  'policies.firings': { ...NOTHING, input: { policy: {} }, bad: [[{ policy: { mode: 'guess' } }, 'mode']] },
  'clusters.list': STORES,
  'clusters.detail': {
    ...{ ...STORES, input: { name: 'kafka' } },
    bad: [
      [{ name: '' }, 'name'],
      [{ name: 'n'.repeat(64) }, 'name'],
    ],
  },
  'clusters.readHosts': {
    ...{ ...NOTHING, input: { csv: 'host,events_per_second\na,5\n' } },
    bad: [[{}, 'csv']],
  },
  'notifications.list': STORES,
  'notifications.deliveries': { ...STORES, input: {}, bad: [[{ target: 'n'.repeat(64) }, 'target']] },
  'notifications.delivery': { ...STORES, input: { id: 'msg_1' }, bad: [[{ id: 'i'.repeat(101) }, 'id']] },
  'sample.status': NOTHING,
  'sample.stop': NOTHING,
};

/** Views that the walks over the table leave out: they have tests of their own. */
export const APART: Readonly<Record<string, string>> = {
  'overview.live': 'goes on until its reader leaves',
  'events.tail': 'goes on until its reader leaves',
  'sample.start': 'starts a process',
  'session.mine': 'is about who asks, and reads nothing: see identity/door.test.ts',
};
