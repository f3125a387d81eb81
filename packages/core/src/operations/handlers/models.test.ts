import { beforeEach, describe, expect, it } from 'vitest';
import { OWN_CLUSTER, PERMISSIONS } from '../../access/index.ts';
import type { ModelVersion } from '../../forecast-service/index.ts';
import { callerOf } from '../caller.ts';
import { callerNamed } from './caller.fixture.ts';
import { jobHandlers } from './jobs.ts';
import { type ModelStores, modelHandlers } from './models.ts';
import { asForeshardError } from './refusals.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const ANN = callerNamed('ann');
const SHOP_STREAM = 0xf000_0003;
const SERIES = { stream: 'main', resolution: '1h', reason: 'why' } as const;

const RUNS = [null, 4, SHOP_STREAM, 0xf000_0009].map((streamId, i) => ({
  ...{ id: i + 1, streamId, reason: 'why', actor: 'ann', state: 'finished' },
  ...{ startedMs: NOW, endedMs: null, detail: '', log: 'stream by stream' },
}));

let champions: number[];
let woken: unknown[];
/** done by somebody else once the champion was read */
let meanwhile: () => void;
let handlers: ReturnType<typeof modelHandlers>;

beforeEach(() => {
  champions = [];
  woken = [];
  meanwhile = () => {};
  const version = (id: number) =>
    ({ id, streamId: id === 3 ? SHOP_STREAM : 4, members: [], mae: 2, mase: Number.NaN, ...times }) as never;
  const times = { fitMs: 1_500, windowFromMs: 0, windowToMs: NOW, createdMs: NOW };
  const registry = {
    version: async (id: number) => (id <= 3 ? version(id) : undefined),
    versions: async () => [version(2), version(1)],
    champion: async () => (champions[0] === undefined ? undefined : version(champions[0])),
    runs: async (limit: number) => RUNS.slice(0, limit),
    async promotions() {
      const [version, previous = null] = champions;
      meanwhile();
      return version === undefined ? [] : [{ version, previous }];
    },
    async promote({ id }: ModelVersion, _: object, expected?: number) {
      if (expected !== undefined && expected !== champions[0]) return false;
      champions.unshift(id);
      return true;
    },
  };
  const stores = {
    ...{ models: registry, nowMs: () => NOW },
    topology: { snapshot: async () => ({ streams: [{ id: 4, name: 'main' }] }) },
    clusters: {
      find: async (name: string) => (name === 'shop' ? { number: 3 } : undefined),
      list: async () => [{ name: 'shop', number: 3 }],
    },
    wake: async (...asked: unknown[]) => void woken.push(asked),
  };
  handlers = modelHandlers(stores as unknown as ModelStores);
});

describe('the champion', () => {
  it('is who is promoted, and the one before it after a way back', async () => {
    await handlers.promote({ version: 1, reason: 'why' }, ANN);
    expect(await handlers.promote({ version: 2, reason: 'why' }, ANN)).toMatchObject({
      champion: { id: 2, mae: 2, mase: null, fitSeconds: 1.5 },
    });
    expect(await handlers.rollBack(SERIES, ANN)).toMatchObject({ champion: { id: 1 } });
    expect(await handlers.list({ ...SERIES, limit: 9 }, ANN)).toMatchObject({ champion: 1 });
    expect(woken).toEqual([['forecast'], ['forecast'], ['forecast']]);
  });

  it('is not changed to what is not there', async () => {
    await expect(handlers.promote({ version: 9, reason: 'why' }, ANN)).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(handlers.rollBack(SERIES, ANN)).rejects.toMatchObject({ code: 'invalid_order' });
    await handlers.promote({ version: 1, reason: 'why' }, ANN);
    await expect(handlers.rollBack(SERIES, ANN)).rejects.toMatchObject({ code: 'invalid_order' });
    await expect(handlers.rollBack({ ...SERIES, stream: 'mian' }, ANN)).rejects.toMatchObject({
      code: 'unknown_stream',
    });
  });
});

it('a way back from a champion that is another one meanwhile is a conflict', async () => {
  champions = [2, 1];
  meanwhile = () => void champions.unshift(1);
  await expect(handlers.rollBack(SERIES, ANN)).rejects.toMatchObject({ code: 'conflict' });
});

describe('a training', () => {
  it('is asked for of all streams, of one, and of a cluster that is not ours', async () => {
    for (const asked of [{}, { stream: 'main' }, { stream: 'shop' }])
      await handlers.retrain({ ...asked, reason: 'why' }, ANN);
    const order = (streamId: number | null) => ['train', { streamId, reason: 'why', actor: 'ann' }];
    expect(woken).toEqual([order(null), order(4), order(0xf000_0003)]);
  });

  it('of a stream that is not there is refused', async () => {
    const asked = handlers.retrain({ stream: 'mian', reason: 'why' }, ANN);
    await expect(asked).rejects.toMatchObject({ code: 'unknown_stream' });
    expect(woken).toEqual([]);
  });
});

describe('whoever is limited to some clusters', () => {
  const within = (cluster: string) => {
    const grants = [{ permissions: PERMISSIONS, scope: { clusters: [cluster] } }];
    return callerOf({ kind: 'person', id: cluster, name: 'ben', grants }, ANN.origin);
  };
  const [OURS, SHOP] = [within(OWN_CLUSTER), within('shop')] as const;
  const FORBIDDEN = { code: 'forbidden' };
  const allFrom = (stream: string, version: number, caller: typeof OURS) => [
    () => handlers.list({ ...SERIES, stream, limit: 9 }, caller),
    () => handlers.retrain({ stream, reason: 'why' }, caller),
    () => handlers.promote({ version, reason: 'why' }, caller),
  ];

  it('sees and gives orders about the models of those alone', async () => {
    const mine = [...allFrom('main', 1, OURS), ...allFrom('shop', 3, SHOP)];
    for (const ask of mine) await expect(ask()).resolves.toBeDefined();
    const others = [...allFrom('shop', 3, OURS), ...allFrom('main', 1, SHOP)];
    for (const ask of others) await expect(ask()).rejects.toMatchObject(FORBIDDEN);
    champions = [2, 1];
    await expect(handlers.rollBack({ ...SERIES, stream: 'shop' }, OURS)).rejects.toMatchObject(FORBIDDEN);
    await expect(handlers.rollBack(SERIES, SHOP)).rejects.toMatchObject(FORBIDDEN);
    expect(champions).toEqual([2, 1]);
  });

  it('learns nothing of a cluster by its name', async () => {
    const asked = handlers.list({ ...SERIES, stream: 'ship', limit: 9 }, OURS);
    await expect(asked).rejects.toMatchObject(FORBIDDEN);
  });

  it('cannot have all of them trained', async () => {
    await expect(handlers.retrain({ reason: 'why' }, OURS)).rejects.toMatchObject({
      ...{ code: 'forbidden', message: expect.stringContaining('name a stream') },
    });
    await expect(handlers.retrain({ reason: 'why' }, within('none'))).rejects.toMatchObject(FORBIDDEN);
    expect(woken).toEqual([]);
  });

  it('sees their trainings, and those of all streams without what was said of each', async () => {
    const seen = async (caller: typeof OURS) =>
      (await handlers.trainings({ limit: 9 }, caller)).trainings.map(({ id, log }) => [id, log]);
    const said = 'stream by stream';
    expect(await seen(ANN)).toEqual([1, 2, 3, 4].map((id) => [id, said]));
    expect(await seen(OURS)).toEqual([
      [1, ''],
      [2, said],
    ]);
    expect(await seen(SHOP)).toEqual([
      [1, ''],
      [3, said],
    ]);
  });
});

it('a job that cannot be woken is refused: it would not run before its schedule', async () => {
  const away = Object.assign(new Error('away'), { name: 'ControlRedisUnreachable' });
  const { run } = jobHandlers({ wake: () => Promise.reject(away) });
  const refusal = await run({ job: 'plan' }, ANN).catch(asForeshardError);
  expect(refusal).toMatchObject({ code: 'store_unreachable', retryAfterSeconds: 5 });
});
