import { expect, test } from 'vitest';
import { Performer } from '../../hosts/contract/performing.ts';
import { sampleFrame } from '../../hosts/contract/sample-events.ts';
import { SPEC, T0 } from '../../hosts/contract/scene.ts';
import { randomSteps } from '../../hosts/contract/steps.ts';
import { differ } from '../../hosts/differential.ts';
import { eventHostContract } from '../../hosts/event-host.contract-suite.ts';
import { ManualClock, seededRandom } from '../../kernel/index.ts';
import { memoryFixture } from './memory-host.fixture.ts';
import { MemoryHost } from './memory-host.ts';

const make = (options: object) => memoryFixture(options);

eventHostContract('memory', { memoryLimit: true, durable: false, connected: false }, make);

/** Every answer that an operation can give, apart from the plain refusals that all of them share. */
const REACHED = [
  'append:appended',
  'append:stale',
  'append:full',
  'append:ahead',
  'append:tooManyIds',
  'append:outside',
  'createShadow:created',
  'createShadow:stale',
  'createShadow:belowFloor',
  'createOpen:created',
  'createOpen:stale',
  'ingest:ingested',
  'ingest:gap',
  'ingest:conflict',
  'ingestIds:ingested',
  'ready:ready',
  'ready:lastSeq',
  'ready:firstSeq',
  'ready:digest',
  'ready:idSets',
  'open:done',
  'raise:done',
  'seal:done',
  'drop:dropped',
  'read:records',
  'read:gone',
  'mark:marked',
  'mark:otherMark',
  'admit:admitted',
  'admit:behind',
];

test('the random operations of the differential test reach every kind of reply', async () => {
  const reached = new Set<string>();
  for (let seed = 0; seed < 120; seed++) {
    const performer = new Performer(await make({ idsPerSetMax: 8 }), await make({ idsPerSetMax: 8 }));
    await performer.start();
    for (const step of randomSteps(seededRandom(seed), 150, true)) {
      const { reply } = JSON.parse((await performer.perform(step))[0]);
      for (const each of Array.isArray(reply) ? reply : [reply])
        reached.add(`${step.op}:${each?.because ?? each?.kind}`);
    }
  }
  expect(REACHED.filter((kind) => !reached.has(kind))).toEqual([]);
});

test('the differential test finds a host that forgets a duplicate, and names the few steps that show it', async () => {
  class Forgetful extends MemoryHost {
    override async append(groups: Parameters<MemoryHost['append']>[0]) {
      const replies = await super.append(groups);
      return replies.map((reply) => (reply.kind === 'appended' ? { ...reply, duplicates: [] } : reply));
    }
  }
  const forgetful = (options: object) => memoryFixture(options, Forgetful);
  const options = { seed: 1, sequences: 5, stepsPerSequence: 200 };
  await expect(differ(make, make, options)).resolves.toBeUndefined();
  await expect(differ(make, forgetful, options)).rejects.toThrow(/seed \d+\); [2-4] steps are enough/);
});

test('a caller may use its buffer again: what was stored stays as it was', async () => {
  const host = new MemoryHost(new ManualClock(T0));
  const frames = Buffer.from(sampleFrame(1));
  const copy = Buffer.from(sampleFrame(1));
  await host.createOpen(1, 10, SPEC, []);
  await host.createShadow(2, 10, SPEC);
  const group = { shardlet: 1, epoch: 10, edgeTs: T0, tokenTs: 0, count: 1, dedup: SPEC.dedup };
  await host.append([{ ...group, frames }]);
  await host.ingest(2, 10, [{ seq: 1, ts: T0, frame: copy }]);
  frames.fill(0);
  copy.fill(0);
  await host.seal(1, 10);
  const { digest } = (await host.digest(1, 10, 1, 1)) as { digest: object };
  expect(await host.digest(2, 10, 1, 1)).toMatchObject({ digest });
  expect(await host.read(1, 1, 0, { maxRecords: 1, maxBytes: 1_000 })).toMatchObject({
    records: [{ frame: sampleFrame(1) }],
  });
});
