import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { beforeEach, expect, it } from 'vitest';
import { Absences } from './absences.ts';
import { WatchedHosts } from './watched-hosts.ts';

const SECOND = 1_000_000;

class Host {
  private readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  async news(from: number) {
    if (away.has(this.id)) throw new HostUnreachable('timeout', `${this.id} is silent`);
    return { changed: [this.id, from] };
  }
  name() {
    return `host-${this.id}`;
  }
}

let away: Set<number>;
let closed: Set<number>;
let now: number;
let hosts: WatchedHosts;

beforeEach(() => {
  [away, closed, now] = [new Set(), new Set(), 0];
  const all = new Map([1, 2].map((id) => [id, new Host(id) as unknown as EventHost]));
  const pool = {
    async get(id: number) {
      if (closed.has(id)) throw new HostUnreachable('connection', `${id} is closed`);
      return all.get(id)!;
    },
  };
  hosts = new WatchedHosts(pool, new Absences(() => now));
});

const ask = async (id: number) => (await hosts.get(id)).news(7);
async function retryAfter(id: number): Promise<number> {
  const error = await ask(id).then(
    () => expect.unreachable('it answered'),
    (failure: HostUnreachable) => failure,
  );
  expect(error).toBeInstanceOf(HostUnreachable);
  return hosts.retryAfterSeconds(error);
}

it('what a host answers is passed on, and the same host is the same', async () => {
  expect(await ask(1)).toEqual({ changed: [1, 7] });
  const host = await hosts.get(2);
  expect((host as unknown as Host).name()).toBe('host-2');
  expect(await hosts.get(2)).toBe(host);
});

it('the longer a host is away, the later to come back; each host has its own absence', async () => {
  away.add(1);
  expect(await retryAfter(1)).toBe(1);
  now = 20 * SECOND;
  closed.add(2);
  expect([await retryAfter(1), await retryAfter(2)]).toEqual([10, 1]);
  now = 30 * SECOND;
  expect([await retryAfter(1), await retryAfter(2)]).toEqual([15, 5]);
});

it('an answer ends an absence, and a connection alone does not', async () => {
  away.add(1);
  await retryAfter(1);
  now = 20 * SECOND;
  await hosts.get(1);
  expect(await retryAfter(1)).toBe(10);
  away.delete(1);
  await ask(1);
  away.add(1);
  expect(await retryAfter(1)).toBe(1);
});

it('a failure of an unknown host is tried again at once, and other faults are no absences', async () => {
  expect(hosts.retryAfterSeconds(new HostUnreachable('timeout', 'elsewhere'))).toBe(1);
  const fault = new TypeError('a fault');
  const broken = new WatchedHosts({ get: async () => Promise.reject(fault) });
  await expect(broken.get(1)).rejects.toBe(fault);
});
