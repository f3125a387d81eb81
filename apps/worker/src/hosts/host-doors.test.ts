/**
 * What one look at a host concludes, from marks that the topology store keeps and from what this process has seen
 * itself.
 */
import { MemoryHost } from '@foreshard/core/adapters/memory';
import { type EventHost, type HostProof, HostUnreachable, ProgressWatch } from '@foreshard/core/hosts';
import { ManualClock } from '@foreshard/core/kernel';
import type { Host } from '@foreshard/core/topology';
import { describe, expect, test } from 'vitest';
import { type HostDoors, type Look, lookAt } from './host-doors.ts';

const HOST: Host = {
  ...{ id: 1, name: 'one', engine: 'redis', url: 'redis://one', incarnation: 'run-1' },
  ...{ durability: 'always', generation: 0, state: 'active' },
} as Host;

async function hostWith(changes: number, hostId = HOST.id): Promise<MemoryHost> {
  const host = new MemoryHost(new ManualClock(1_767_225_600_000_000));
  await host.adopt(hostId);
  for (let floor = 2; floor <= changes; floor++) await host.createFloor(floor);
  return host;
}

/** The host has restarted: the run that the topology store trusts is gone. */
function restarted(memory: MemoryHost, watch: ProgressWatch): HostDoors {
  return {
    trusted: async () => {
      throw new HostUnreachable('incarnation', 'another run');
    },
    open: async () =>
      ({
        identify: async () => ({ ...(await memory.identify()), incarnation: 'run-2' }),
        close: async () => {},
      }) as EventHost,
    watch: () => watch,
  };
}

async function assessmentOf(memory: MemoryHost, seen: number, host = HOST) {
  const look = await lookAt(host, restarted(memory, new ProgressWatch(0, seen)), async () => undefined);
  return look.kind === 'answers' ? look.assessment : look;
}

describe('a host that has restarted', () => {
  test('is readmitted when it counts what this process has seen', async () => {
    expect(await assessmentOf(await hostWith(5), 5)).toEqual({ kind: 'restarted' });
  });

  test('is refused when it counts less, also where another worker readmits it already', async () => {
    const refused = {
      ...{ kind: 'refused', reason: 'regressed', byMarks: false, certainTs: 0 },
      detail: 'host 1: it answered change 4 after 5',
    };
    expect(await assessmentOf(await hostWith(4), 5)).toEqual(refused);
    const readmitting = { ...HOST, state: 'readmitting' } as Host;
    expect(await assessmentOf(await hostWith(4), 5, readmitting)).toEqual(refused);
  });

  test('is certain up to what the topology store had confirmed when this process saw more, not to what was marked since', async () => {
    const memory = await hostWith(9);
    const watch = new ProgressWatch(0);
    let promise = 1_000;
    const proof = async (): Promise<HostProof> => ({
      ...{ host: 1, held: '', next: '', writers: [], generation: 0, count: 0, promise, earlier: [] },
    });
    const whole: HostDoors = {
      ...restarted(memory, watch),
      trusted: async () =>
        ({
          identify: async () => {
            const found = await memory.identify();
            watch.judge(watch.seen, found.progress);
            return { ...found, incarnation: 'run-1' };
          },
        }) as EventHost,
    };
    const older = await hostWith(4);
    expect(await lookAt(HOST, whole, proof)).toMatchObject({ assessment: { kind: 'trusted' } });
    promise = 5_000;
    const { assessment } = (await lookAt(HOST, restarted(older, watch), proof)) as Extract<
      Look,
      { kind: 'answers' }
    >;
    expect(assessment).toMatchObject({ reason: 'regressed', byMarks: false, certainTs: 1_000 });
  });

  test('is not judged by what another store counts in its place', async () => {
    expect(await assessmentOf(await hostWith(1, 7), 5)).toMatchObject({ reason: 'other' });
  });
});

test('a host that answered this process in an older generation is refused, although a newer state was put back', async () => {
  const memory = await hostWith(5);
  const watch = new ProgressWatch(3);
  expect(() => watch.judge(0, { generation: 0, count: 9 })).toThrow('in generation 0');
  const host = { ...HOST, generation: 3 };
  const newer = async () => ({
    ...(await memory.identify()),
    ...{ incarnation: 'run-1', progress: { generation: 3, count: 9 } },
  });
  const trusted: HostDoors = {
    ...restarted(memory, watch),
    trusted: async () => ({ identify: newer }) as EventHost,
  };
  expect(await lookAt(host, trusted, async () => undefined)).toMatchObject({
    assessment: {
      ...{ kind: 'refused', reason: 'regressed', byMarks: false, certainTs: 0 },
      detail: 'host 1: it answered in generation 0 again',
    },
  });
  const fresh: HostDoors = { ...trusted, watch: () => new ProgressWatch(3) };
  expect(await lookAt(host, fresh, async () => undefined)).toMatchObject({ assessment: { kind: 'trusted' } });
});
