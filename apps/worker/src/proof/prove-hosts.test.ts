/** What the topology store knows of the marks of a host when a proof, or a run over all hosts, has ended. */
import { MemoryHost, MemoryHostProofs } from '@foreshard/core/adapters/memory';
import {
  certainOf,
  type EventHost,
  type HostProof,
  HostUnreachable,
  type OlderMark,
  standingOf,
} from '@foreshard/core/hosts';
import { ManualClock } from '@foreshard/core/kernel';
import { WHOLE } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, type Host, NO_FACTS, type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { HostProver } from './prove-hosts.ts';

const HOST = {
  ...{ id: 1, name: 'a', engine: 'redis', url: 'redis://a', incarnation: 'run-1', generation: 0 },
  ...{ durability: 'always', state: 'active' },
  ...NO_FACTS,
} as const satisfies Host;
const STREAM = {
  ...{ id: 1, name: 'main', shardCount: 1, splitKeys: false, dedupWindowMs: 180_000 },
  ...{ retentionMs: null, retentionBytes: null },
};

let clock: ManualClock;
let host: MemoryHost;
let proofs: MemoryHostProofs;
let served: EventHost;
let older: OlderMark[];

beforeEach(async () => {
  clock = new ManualClock(1_767_225_600_000_000);
  host = new MemoryHost(clock);
  await host.adopt(1);
  served = host;
  older = [];
  proofs = new MemoryHostProofs();
});

function worker(random: string, shardlets: readonly Shardlet[] = []): HostProver {
  const map = new TopologyMap({ ...EMPTY_TOPOLOGY, hosts: [HOST], streams: [STREAM], shardlets });
  return new HostProver({
    ...{
      follower: { map },
      topology: { decide: () => Promise.reject(new Error('the topology store is away')) },
      proofs,
    },
    ...{
      host: async () => served,
      wake: async () => {},
      older: (_, seen) => older.push(seen),
      random: () => random,
      actor: random,
    },
    ...{ log: pino({ level: 'silent' }), nowMs: () => clock.nowMicros() / 1_000 },
  });
}

async function known(): Promise<HostProof> {
  return (await proofs.proofs()).get(1)!;
}

describe('The topology store is told of a mark that was confirmed', () => {
  test.each([
    ['before a proof ends', (prover: HostProver) => prover.prove(1)],
    ['with the run that has sent it', (prover: HostProver) => prover.run()],
  ])('%s: a state without it is found by a worker that knows only the topology store', async (_, mark) => {
    const prover = worker('p');
    await prover.run();
    const older = structuredClone(Reflect.get(host, 'state'));
    await mark(prover);
    const { mark: held } = await host.identify();
    expect(await known()).toMatchObject({ held, next: held });
    Reflect.set(host, 'state', older);
    expect(standingOf(0, await known(), await host.identify())).toMatchObject({ kind: 'regressed' });
    await expect(worker('q').prove(1)).rejects.toBeInstanceOf(HostUnreachable);
  });

  test('and of none that was not', async () => {
    const prover = worker('p');
    await prover.run();
    const { held } = await known();
    served = Object.assign(Object.create(host) as EventHost, {
      mark: async () => Promise.reject(new HostUnreachable('connection', 'away')),
    });
    await prover.run();
    expect(await known()).toMatchObject({ held });
    expect((await known()).next).not.toBe(held);
  });

  test('beside another worker that marks the host at the same time', async () => {
    const [one, other] = [worker('p'), worker('q')];
    await one.run();
    await Promise.all([one.prove(1), other.prove(1), one.prove(1), other.run()]);
    const { mark: held } = await host.identify();
    await one.prove(1);
    expect((await host.identify()).mark).not.toBe(held);
    expect(standingOf(0, await known(), await host.identify())).toEqual({ kind: 'whole' });
  });
});

describe('A host that a process says went back', () => {
  const claim = (host: number) => ({
    ...{ host, claimant: 'edge-1', generation: 0 },
    seen: 9,
    answered: 3,
    atMs: 0,
  });

  test('is not proven to be whole until that is answered', async () => {
    const prover = worker('p');
    await prover.run();
    await proofs.claim(claim(1));
    await expect(prover.prove(1)).rejects.toBeInstanceOf(HostUnreachable);
    expect(await proofs.verdict(claim(1))).toBe('denied');
    await prover.prove(1);
  });

  test('says nothing of other hosts', async () => {
    const prover = worker('p');
    await prover.run();
    await proofs.claim(claim(2));
    await prover.prove(1);
    expect(await proofs.verdict(claim(2))).toBe(undefined);
  });
});

describe('A host that refuses a mark', () => {
  test('as it holds an earlier one was in an older state then, whatever it is in when it is looked at', async () => {
    const prover = worker('p');
    await prover.run();
    const state = structuredClone(Reflect.get(host, 'state'));
    const { promise } = await known();
    for (let i = 0; i < 3; i++) await prover.prove(1);
    const { held } = await known();
    const newer = structuredClone(Reflect.get(host, 'state'));
    const { mark } = state as { mark: string };
    Reflect.set(host, 'state', state);
    await prover.run();
    Reflect.set(host, 'state', newer);
    expect(older).toEqual([
      { mark, certainTs: expect.any(Number), detail: `host 1: it held mark ${mark} again, after ${held}` },
    ]);
    expect(older[0]!.certainTs).toBeLessThanOrEqual(promise);
  });

  test('as another worker was faster went forward', async () => {
    const [one, other] = [worker('p'), worker('q')];
    await one.run();
    let isFirst = true;
    served = Object.assign(Object.create(host) as EventHost, {
      mark: async (...args: Parameters<EventHost['mark']>) => {
        if (!isFirst) return host.mark(...args);
        isFirst = false;
        await other.run();
        return host.mark(...args);
      },
    });
    await one.run();
    expect(older).toEqual([]);
  });
});

test('A record that a claim misses is kept, as it may be back before the topology store hears of it', async () => {
  const place = { id: 7, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 3 };
  const dedup = { windowMicros: 1, leadMicros: 1 };
  await host.createOpen(7, 3, { stream: 1, range: WHOLE, dedup }, []);
  const prover = worker('p', [{ ...place, state: { kind: 'open' }, parents: [], lost: [] }]);
  await prover.run();
  const acknowledged = { shardlet: 7, epoch: 3, seq: 1, ts: 900 };
  const claim = { host: 1, claimant: 'edge-1', generation: 0, seen: 9, answered: 4, acknowledged, atMs: 1 };
  await proofs.claim(claim);
  await expect(prover.run()).rejects.toThrow('away');
  expect(await proofs.verdict(claim)).toBeUndefined();
  const detail = 'host 1: edge-1 was answered change 4 after 9';
  expect(older).toEqual([{ mark: expect.stringMatching(/^[12][.]p/), certainTs: 0, detail }]);
});

describe('a run with an accepted loss', () => {
  const GENERATION = 7;
  const regressed = { detail: 'older', byMarks: true, certainTs: 0, promise: 0, accepted: GENERATION };
  const readmission = { incarnation: 'run-2', since: GENERATION, before: 'active', regressed } as const;
  const admitted: Host = { ...HOST, state: 'readmitting', readmission };
  let prover: HostProver;
  let older: unknown;

  beforeEach(async () => {
    prover = worker('p');
    await prover.run();
    await host.admit(GENERATION, 0);
    older = structuredClone(Reflect.get(host, 'state'));
    await prover.proveRun(admitted, host);
    const { mark: held } = await host.identify();
    expect(await known()).toMatchObject({ generation: GENERATION, held, next: held });
  });

  test('is marked in its generation: another state of that generation is found', async () => {
    Reflect.set(host, 'state', older);
    const standing = standingOf(GENERATION, await known(), await host.identify());
    expect(standing).toMatchObject({ kind: 'regressed' });
    await expect(worker('q').proveRun(admitted, host)).rejects.toBeInstanceOf(HostUnreachable);
  });

  test('is marked anew when it went back again, and nothing it has shown before counts', async () => {
    Reflect.set(host, 'state', older);
    await prover.forgetMarks(admitted);
    await prover.proveRun(admitted, host);
    expect(standingOf(GENERATION, await known(), await host.identify())).toEqual({ kind: 'whole' });
  });
});

test('A host that goes back to before an accepted loss is certain up to what was certain before that loss', async () => {
  const prover = worker('p');
  const promises: number[] = [];
  const states: object[] = [];
  for (let i = 0; i < 5; i++) {
    clock.advance(1_000_000);
    await prover.run();
    promises.push((await known()).promise);
    states.push(structuredClone(Reflect.get(host, 'state')) as object);
  }
  const [, , third, fourth, fifth] = promises as [number, number, number, number, number];
  expect(new Set(promises).size).toBe(5);
  // in the state of the last mark; what came after the fourth is not certain
  const regressed = { detail: 'older', byMarks: true, certainTs: fourth, promise: fifth, accepted: 7 };
  const readmission = { incarnation: 'run-2', since: 7, before: 'active', regressed } as const;
  await host.admit(7, 0);
  clock.advance(1_000_000);
  await prover.proveRun({ ...HOST, state: 'readmitting', readmission }, host);
  const proof = await known();
  expect(proof.earlier).toEqual([fourth, third, ...promises.slice(0, 2).reverse()]);
  Reflect.set(host, 'state', states[2]);
  const found = await host.identify();
  expect(standingOf(7, proof, found)).toMatchObject({ kind: 'regressed' });
  expect(certainOf(proof, found)).toBe(third);
  Reflect.set(host, 'state', states[4]);
  expect(certainOf(proof, await host.identify())).toBe(fourth);
});
