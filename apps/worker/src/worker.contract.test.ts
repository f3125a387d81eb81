/** Worker processes against real PostgreSQL and Redis servers, some of which are killed. */
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostUnreachable } from '@foreshard/core/hosts';
import { HOST_ALARMS_KEY, HOST_USAGE_KEY, hostUsageSchema } from '@foreshard/core/telemetry';
import { acceptLoss, prepareMigration, type Shardlet } from '@foreshard/core/topology';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { probe, RealCluster, type WorkerProcess } from './testing/real-cluster.ts';

/** More than one decision readmits, so that there is a middle to interrupt. */
const MANY = 620;

let cluster: RealCluster;

afterEach(() => cluster.stop());

async function started(hosts: number, shardCount: number) {
  cluster = await RealCluster.start(inject('postgresUrl'), hosts);
  const worker = await cluster.startWorker();
  const stream = await cluster.createStream({ name: 'main', shardCount });
  await allOpen(stream, shardCount);
  return { worker, stream };
}

function allOpen(stream: number, count: number): Promise<void> {
  return cluster.until(`${count} shardlets open`, () => cluster.open(stream).length === count);
}

function trusted(host: number, otherThan: string): Promise<void> {
  return cluster.until(`host ${host} readmitted`, () => {
    const { state, incarnation } = cluster.map.host(host)!;
    return state === 'active' && incarnation !== otherThan;
  });
}

async function metric(worker: WorkerProcess, line: RegExp): Promise<boolean> {
  const { plaintext } = await cluster.control.tokens.create({ name: 'scraper', scopes: ['cluster:read'] });
  let reply = { status: 0, body: '' };
  // a new token is known within two seconds
  await cluster.until('the metrics', async () => {
    reply = await probe(worker, '/metrics', plaintext);
    return reply.status === 200;
  });
  return line.test(reply.body);
}

function ownedBy(host: number, shardlets: readonly Shardlet[]): Shardlet[] {
  return shardlets.filter((s) => s.owner === host);
}

async function reportOf(host: number) {
  const text = await cluster.control.redis.hget(HOST_USAGE_KEY, String(host));
  return text === null ? undefined : hostUsageSchema.parse(JSON.parse(text));
}

/** Appends to every shardlet in turn until told to stop; keeps the ids that were acknowledged. */
function keepAppending(stream: number) {
  const acknowledged = new Map<number, string[]>();
  let ended = false;
  const run = async () => {
    for (let n = 0; !ended; n++) {
      for (const shardlet of cluster.open(stream)) {
        const id = `event-${n}`;
        const reply = await cluster.append(shardlet, id).catch((error) => {
          if (error instanceof HostUnreachable) return undefined;
          throw error;
        });
        if (reply?.kind !== 'appended') continue;
        const ids = acknowledged.get(shardlet.id) ?? [];
        acknowledged.set(shardlet.id, [...ids, id]);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const running = run();
  return {
    acknowledged,
    async stop() {
      ended = true;
      await running;
    },
  };
}

describe('a worker', () => {
  test('opens every shardlet of a new stream, and tells that it is ready', async () => {
    const { worker, stream } = await started(2, 8);
    for (const shardlet of cluster.open(stream))
      expect(await cluster.append(shardlet, 'first')).toMatchObject({ kind: 'appended', stored: 1 });
    await cluster.until('ready', async () => (await probe(worker, '/readyz')).status === 200);
    expect((await probe(worker, '/metrics')).status).toBe(401);
    expect(await metric(worker, /foreshard_job_runs_total\{job="reconcile",result="finished"\} [1-9]/)).toBe(
      true,
    );
    await cluster.until('hosts measured', async () => (await reportOf(1))?.incarnationKnown === true);
    expect(await reportOf(2)).toMatchObject({ reachable: true, usedBytes: expect.any(Number) });
  });

  test('ends on SIGTERM with code 0', async () => {
    const { worker } = await started(1, 1);
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  });

  test('ends although the control Redis does not answer any more', async () => {
    const { worker } = await started(1, 1);
    await cluster.controlRedis.kill('SIGSTOP');
    try {
      worker.process.kill('SIGTERM');
      const forced = sleep(40_000).then(() => 'never');
      expect(await Promise.race([worker.ended, forced])).toBe(0);
    } finally {
      await cluster.controlRedis.kill('SIGCONT');
    }
  });

  test('loses nothing when the control Redis loses everything', async () => {
    await started(1, 2);
    await cluster.control.redis.flushall();
    const again = await cluster.createStream({ name: 'after', shardCount: 4 });
    await allOpen(again, 4);
    await cluster.until('hosts measured again', async () => (await reportOf(1)) !== undefined);
  });

  test('goes on after the control Redis was killed, and says what is missing meanwhile', async () => {
    const { worker } = await started(1, 2);
    await cluster.controlRedis.kill('SIGKILL');
    await cluster.until('not ready', async () => (await probe(worker, '/readyz')).status === 503);
    expect((await probe(worker, '/readyz')).body).toContain('REDIS_URL');
    expect((await probe(worker, '/livez')).status).toBe(200);
    await cluster.controlRedis.restart();
    const after = await cluster.createStream({ name: 'after', shardCount: 2 });
    await allOpen(after, 2);
    await cluster.until('ready', async () => (await probe(worker, '/readyz')).status === 200);
  });

  test('waits for a database that is not there yet', async () => {
    cluster = await RealCluster.start(inject('postgresUrl'), 1);
    const away = new URL(cluster.databaseUrl);
    away.port = '1';
    const worker = await cluster.startWorker({ DATABASE_URL: away.href });
    await cluster.until('alive', async () => (await probe(worker, '/livez')).status === 200);
    const { status, body } = await probe(worker, '/readyz');
    expect(status).toBe(503);
    expect(body).toContain('DATABASE_URL');
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  });
});

test('a host that hangs does not hold up the others', async () => {
  await started(2, 2);
  await cluster.hosts[1]!.kill('SIGSTOP');
  try {
    const stream = await cluster.createStream({ name: 'half', shardCount: 4 });
    await cluster.until('half of it open', () => cluster.open(stream).length === 2, 8_000);
    const run = cluster.map.host(1)!.incarnation;
    await cluster.hosts[0]!.restart();
    await trusted(1, run);
    await cluster.hosts[1]!.kill('SIGCONT');
    await allOpen(stream, 4);
  } finally {
    await cluster.hosts[1]!.kill('SIGCONT');
  }
});

describe('a host that was killed and restarted under load', () => {
  test('is readmitted with everything it has acknowledged, at new epochs, and old handles are refused', async () => {
    const { worker, stream } = await started(2, 8);
    const old = await cluster.pool.get(1);
    const run = cluster.map.host(1)!.incarnation;
    const before = ownedBy(1, cluster.open(stream));
    const load = keepAppending(stream);
    await cluster.until('load', () => (load.acknowledged.get(before[0]!.id)?.length ?? 0) > 20);
    await cluster.hosts[0]!.kill('SIGKILL');
    await cluster.hosts[0]!.restart();
    await trusted(1, run);
    const lengths = new Map([...load.acknowledged].map(([id, ids]) => [id, ids.length]));
    await cluster.until('appends go on', () =>
      [...load.acknowledged].every(([id, ids]) => ids.length > lengths.get(id)!),
    );
    await load.stop();
    for (const shardlet of cluster.open(stream))
      expect(await cluster.read(shardlet)).toEqual(
        expect.arrayContaining(load.acknowledged.get(shardlet.id)!),
      );
    for (const { id, epoch } of before) expect(cluster.map.shardlet(id)!.epoch).toBeGreaterThan(epoch);
    await expect(old.identify()).rejects.toThrow(HostUnreachable);
    expect(await cluster.append(before[0]!, 'at the old epoch')).toMatchObject({ kind: 'stale' });
    expect(await metric(worker, /foreshard_host_readmissions_total\{host="1",durability="always"\} 1/)).toBe(
      true,
    );
  });

  test('is readmitted by another worker when the first is killed in the middle', async () => {
    const { worker, stream } = await started(1, MANY);
    const before = cluster.open(stream);
    const run = cluster.map.host(1)!.incarnation;
    const batch = decided('readmitBatch');
    await cluster.hosts[0]!.kill('SIGKILL');
    await cluster.hosts[0]!.restart();
    await batch;
    worker.process.kill('SIGKILL');
    await worker.ended;
    await cluster.follower.upToDate();
    expect(newEpochs(before)).toBeLessThan(MANY);
    expect(cluster.map.host(1)!.state).toBe('readmitting');
    await cluster.startWorker();
    await trusted(1, run);
    expect(newEpochs(before)).toBe(MANY);
    await allOpen(stream, MANY);
  });

  test('may restart in the middle of its readmission, which ends the moves from it and to it', async () => {
    const { stream } = await started(1, MANY);
    const before = cluster.open(stream);
    const [from, to] = await movesThatWait(before[0]!);
    const run = cluster.map.host(1)!.incarnation;
    const batch = decided('readmitBatch');
    await cluster.hosts[0]!.restart();
    await batch;
    await cluster.hosts[0]!.kill('SIGKILL');
    await cluster.follower.upToDate();
    expect(cluster.map.host(1)!.state).toBe('readmitting');
    const middle = cluster.map.host(1)!.readmission!.incarnation;
    await cluster.hosts[0]!.restart();
    await trusted(1, run);
    expect(cluster.map.host(1)!.incarnation).not.toBe(middle);
    expect(newEpochs(before)).toBe(MANY);
    await allOpen(stream, MANY);
    await allOpen(to.stream, 1);
    for (const { id, owner } of [from, to]) expect(cluster.map.shardlet(id)!.owner).toBe(owner);
    for (const shardlet of [...cluster.open(stream).slice(0, 20), ...cluster.open(to.stream)])
      expect(await cluster.append(shardlet, 'again')).toMatchObject({ kind: 'appended' });
  });

  test('is refused with an alarm when its disk is empty, and never filled again', async () => {
    const { worker, stream } = await started(2, 4);
    const before = cluster.open(stream);
    const server = cluster.hosts[0]!;
    const run = cluster.map.host(1)!.incarnation;
    const [disk, aside] = [join(server.dir, 'appendonlydir'), join(server.dir, 'aside')];
    await server.kill('SIGKILL');
    await rename(disk, aside);
    await server.restart();
    await cluster.until('alarm', async () => (await reportOf(1))?.alarm?.reason === 'regressed');
    expect(await reportOf(1)).toMatchObject({ reachable: true, incarnationKnown: false });
    expect(await metric(worker, /foreshard_host_alarm\{host="1",reason="regressed"\} 1/)).toBe(true);
    expect(cluster.map.host(1)!.state).toBe('readmitting');
    expect(cluster.open(stream)).toEqual(before);
    const empty = await cluster.openAnyRun(1);
    expect(await empty.list(0, 10)).toEqual([]);
    await empty.close();
    for (const shardlet of ownedBy(2, before))
      expect(await cluster.append(shardlet, 'elsewhere')).toMatchObject({ kind: 'appended' });
    await putBack(aside, disk, run);
    await alarmIsOver(worker, stream);
  });

  test('is refused with an alarm when its disk is older than what it has confirmed', async () => {
    const { worker, stream } = await started(2, 4);
    const server = cluster.hosts[0]!;
    const run = cluster.map.host(1)!.incarnation;
    const [disk, copy] = [join(server.dir, 'appendonlydir'), join(server.dir, 'copy')];
    await server.kill('SIGKILL');
    await cp(disk, copy, { recursive: true });
    await server.restart();
    await trusted(1, run);
    await allOpen(stream, 4);
    const before = cluster.open(stream);
    // so that its marks show that it went back, and that it is whole again
    await marked();
    await marked();
    await server.kill('SIGKILL');
    const newer = join(server.dir, 'newer');
    await rename(disk, newer);
    await rename(copy, disk);
    await server.restart();
    await cluster.until('alarm', async () => (await reportOf(1))?.alarm?.reason === 'regressed');
    expect(await metric(worker, /foreshard_host_alarm\{host="1",reason="regressed"\} 1/)).toBe(true);
    expect(cluster.map.host(1)!.state).toBe('readmitting');
    expect(ownedBy(1, cluster.open(stream))).toEqual(ownedBy(1, before));
    for (const shardlet of ownedBy(2, before))
      expect(await cluster.append(shardlet, 'elsewhere')).toMatchObject({ kind: 'appended' });
    // two lines of its history were served: only a person says which one counts, also when the newer disk is back
    await replaceDisk(newer, disk);
    const back = await runOf(1);
    await cluster.until('its new run is known', () => cluster.map.host(1)!.readmission?.incarnation === back);
    expect(cluster.map.host(1)!.state).toBe('readmitting');
    await cluster.decide(acceptLoss(1, back));
    await trusted(1, run);
    await alarmIsOver(worker, stream);
  });
});

async function marked(): Promise<void> {
  const held = async () => (await cluster.control.proofs.proofs()).get(1)?.held;
  const before = await held();
  await cluster.until('the next mark', async () => (await held()) !== before);
}

/** The disk that a person has found again. */
async function putBack(found: string, disk: string, run: string): Promise<void> {
  await replaceDisk(found, disk);
  await trusted(1, run);
}

async function replaceDisk(found: string, disk: string): Promise<void> {
  const server = cluster.hosts[0]!;
  await server.kill('SIGKILL');
  await rm(disk, { recursive: true });
  await rename(found, disk);
  await server.restart();
}

async function runOf(host: number): Promise<string> {
  const opened = await cluster.openAnyRun(host);
  const { incarnation } = await opened.identify();
  await opened.close();
  return incarnation;
}

async function alarmIsOver(worker: WorkerProcess, stream: number): Promise<void> {
  await cluster.until(
    'the alarm is over',
    async () => (await cluster.control.redis.hget(HOST_ALARMS_KEY, '1')) === null,
  );
  expect(await metric(worker, /foreshard_host_alarm\{host="1"/)).toBe(false);
  await allOpen(stream, 4);
  for (const shardlet of cluster.open(stream))
    expect(await cluster.append(shardlet, 'again')).toMatchObject({ kind: 'appended' });
}

/** One from host 1 and one to it, prepared and not carried out. */
async function movesThatWait(from: Shardlet): Promise<[Shardlet, Shardlet]> {
  const other = await cluster.addPostgresHost(inject('postgresUrl'));
  const stream = await cluster.createStream({ name: 'other', shardCount: 1 });
  await allOpen(stream, 1);
  const [to] = cluster.open(stream) as [Shardlet];
  expect(to.owner).toBe(other);
  await cluster.control.moves.setControls({ paused: true, reason: 'a test' }, 'test');
  await cluster.decide(prepareMigration({ id: from.id, epoch: from.epoch, dest: other }));
  await cluster.decide(prepareMigration({ id: to.id, epoch: to.epoch, dest: from.owner }));
  return [from, to];
}

/** As soon as the topology store tells of the next decision with this name. */
function decided(name: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = cluster.map.onChange((change) => {
      if (change.decision !== name) return;
      stop();
      resolve();
    });
  });
}

function newEpochs(before: readonly Shardlet[]): number {
  return before.filter(({ id, epoch }) => cluster.map.shardlet(id)!.epoch > epoch).length;
}
