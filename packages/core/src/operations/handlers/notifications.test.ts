import { beforeEach, expect, test } from 'vitest';
import {
  type AlarmRecord,
  type Delivery,
  type NotificationStore,
  PAUSE_S_DEFAULT,
  type Target,
} from '../../notifying/index.ts';
import { notifications } from '../notifications.ts';
import { callerNamed } from './caller.fixture.ts';
import { notificationHandlers } from './notifications.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const NOW = '2026-11-23T12:00:00.000Z';
const caller = callerNamed('ann');
const URL = 'https://example.com/hook';

let targets: Map<string, Target>;
let deliveries: Map<string, Delivery>;
let alarms: AlarmRecord[];
let wakes: number;
let handlers: ReturnType<typeof notificationHandlers>;

beforeEach(() => {
  targets = new Map();
  deliveries = new Map();
  alarms = [];
  wakes = 0;
  handlers = notificationHandlers({
    notifications: {
      store: memoryStore() as NotificationStore,
      sender: { objection: async (url) => (url.includes('10.1.') ? 'it is not public' : undefined) },
      newSecret: () => 'whsec_1',
      newId: () => '1',
      wake: async () => {
        wakes++;
        throw new Error('a lost wake-up costs some seconds only');
      },
      nowMs: () => NOW_MS,
      consoleUrl: undefined,
    },
  });
});

function memoryStore(): Partial<NotificationStore> {
  return {
    targets: async () => [...targets.values()],
    add: async (target) => !targets.has(target.name) && targets.set(target.name, target) !== undefined,
    async change(name, change) {
      const target = targets.get(name);
      if (target !== undefined) targets.set(name, { ...target, ...change });
      return target !== undefined;
    },
    remove: async (name) => targets.delete(name),
    async queue(delivery) {
      deliveries.set(delivery.id, {
        ...delivery,
        state: 'waiting',
        failures: 0,
        nextMs: NOW_MS,
        attempts: [],
      });
      return true;
    },
    delivery: async (id) => deliveries.get(id),
    deliveries: async ({ target, limit }) =>
      [...deliveries.values()].filter((one) => target === undefined || one.target === target).slice(0, limit),
    async redeliver(id, nextMs) {
      const found = deliveries.get(id);
      if (found !== undefined) deliveries.set(id, { ...found, state: 'waiting', nextMs });
      return found !== undefined;
    },
    alarms: async () => alarms,
  };
}

const add = (more: object = {}) =>
  handlers.addTarget(notifications.addTarget.input.parse({ name: 'ops', url: URL, ...more }), caller);

test('a target is added with a secret that is shown this once, changed and removed', async () => {
  const { target, secret } = await add({ kinds: ['alarm.host'] });
  expect([secret, target]).toEqual([
    'whsec_1',
    {
      ...{ name: 'ops', url: URL, format: 'webhook', kinds: ['alarm.host'], pauseSeconds: PAUSE_S_DEFAULT },
      ...{ enabled: true, createdAt: NOW, createdBy: 'ann' },
    },
  ]);
  const { targets: listed } = await handlers.listTargets({}, caller);
  expect(notifications.listTargets.output.parse({ targets: listed }).targets).toEqual([target]);
  const change = { name: 'ops', enabled: false, pauseSeconds: 0 };
  expect(await handlers.changeTarget(change, caller)).toEqual({ ...target, enabled: false, pauseSeconds: 0 });
  expect(await handlers.removeTarget({ name: 'ops' }, caller)).toEqual({ removed: 'ops' });
  expect(targets.size).toBe(0);
});

test('the address of a Slack hook is as good as a secret', async () => {
  const { target } = await add({ format: 'slack', url: 'https://hooks.slack.com/services/T/B/x' });
  expect(target.url).toBe('https://hooks.slack.com/...');
});

test.each([
  ['the name is taken', { name: 'ops' }, { code: 'conflict' }],
  [
    'the address is not allowed',
    { name: 'in', url: 'http://10.1.2.3' },
    { code: 'invalid_record', pointer: '/url' },
  ],
])('a target is refused when %s', async (_, more, refusal) => {
  await add();
  await expect(add(more)).rejects.toMatchObject(refusal);
  expect(targets.size).toBe(1);
});

test('a test is sent and redelivered, and a delivery is shown with its attempts', async () => {
  await add();
  const sent = await handlers.testTarget({ name: 'ops' }, caller);
  expect(sent).toMatchObject({ id: 'msg_1', target: 'ops', state: 'waiting', nextAt: NOW, attempts: [] });
  const attempt = { atMs: NOW_MS, durationMs: 7, status: 204, response: '', mayPass: true };
  deliveries.set('msg_1', { ...deliveries.get('msg_1')!, state: 'delivered', attempts: [attempt] });
  const shown = await handlers.showDelivery({ id: 'msg_1' }, caller);
  expect(shown).toMatchObject({ state: 'delivered', nextAt: null });
  expect(shown.attempts).toEqual([{ at: NOW, durationMs: 7, status: 204, response: '' }]);
  expect(await handlers.listDeliveries({ target: 'ops', limit: 5 }, caller)).toEqual({ deliveries: [shown] });
  expect(await handlers.listDeliveries({ target: 'other', limit: 5 }, caller)).toEqual({ deliveries: [] });
  expect(await handlers.redeliver({ id: 'msg_1' }, caller)).toMatchObject({ state: 'waiting', nextAt: NOW });
  expect(wakes).toBe(2);
});

test('only alarms that have not ended are listed', async () => {
  const alarm = {
    kind: 'alarm.host',
    level: 'bad',
    title: 'T',
    text: 'x',
    path: '/',
    sinceMs: NOW_MS,
  } as const;
  alarms = [
    { ...alarm, key: 'a', endedMs: null },
    { ...alarm, key: 'b', endedMs: NOW_MS },
  ];
  expect(await handlers.listAlarms({}, caller)).toEqual({
    alarms: [{ kind: 'alarm.host', level: 'bad', title: 'T', text: 'x', since: NOW }],
  });
});

test('what is not there is refused', async () => {
  const refusals = [
    handlers.changeTarget({ name: 'nobody', enabled: true }, caller),
    handlers.removeTarget({ name: 'nobody' }, caller),
    handlers.testTarget({ name: 'nobody' }, caller),
    handlers.showDelivery({ id: 'none' }, caller),
    handlers.redeliver({ id: 'none' }, caller),
  ];
  for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ code: 'not_found' });
});
