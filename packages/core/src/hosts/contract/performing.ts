/**
 * Performs steps on two hosts at once: the arguments come from what the reference holds, so both get the
 * same call, and their replies are brought into one comparable form.
 */
import { WHOLE } from '../../keyspace/index.ts';
import type {
  EventHost,
  FrontierReply,
  IdSetInfo,
  KnownId,
  ReplicaInfo,
  ReplicaSpec,
  StoredRecord,
} from '../event-host.ts';
import { ID_FIELD } from '../limits.ts';
import { framePosition } from '../record.ts';
import type { HostFixture } from './fixture.ts';
import { concatFrames, sampleFrame } from './sample-events.ts';
import { ALL, digestOf, T0 } from './scene.ts';
import { type EpochChoice, EVENTS, type GroupStep, STEP_LEAD, STEP_WINDOW, type Step } from './steps.ts';

const DEDUP = { windowMicros: STEP_WINDOW, leadMicros: STEP_LEAD };
const SPEC: ReplicaSpec = { stream: 3, range: WHOLE, dedup: DEDUP };
/** About one event in four of the samples lies outside of it. */
const NARROW: ReplicaSpec = { ...SPEC, range: { from: { hi: 0x3000_0000, lo: 7 }, to: WHOLE.to } };
/** Epochs begin above this, so that there are older ones. */
const FIRST_EPOCH = 10;
/** Rounds after which a host that never answers 0 to `forgetIds` is at fault. */
const FORGET_ROUNDS_MAX = 10_000;

type StepOf<Op extends Step['op']> = Extract<Step, { op: Op }>;
type Call = (host: EventHost, index: 0 | 1) => Promise<unknown>;

export class Performer {
  private readonly fixtures: readonly [HostFixture, HostFixture];
  private clock = T0;
  private lastEpoch = FIRST_EPOCH;
  /** what a shardlet held when it was sealed last: the source of its copies */
  private readonly captured = new Map<number, readonly StoredRecord[]>();
  private readonly sinces: [number, number][] = [[0, 0]];
  private readonly heard: readonly [Heard, Heard] = [new Heard(), new Heard()];
  private marks = 0;
  private readonly counts: [number, number] = [0, 0];

  constructor(reference: HostFixture, candidate: HostFixture) {
    this.fixtures = [reference, candidate];
  }

  async start(): Promise<void> {
    for (const fixture of this.fixtures) await fixture.setClock(this.clock);
  }

  /** The two replies, in comparable form. */
  async perform(step: Step): Promise<[string, string]> {
    const call = await this.callOf(step);
    const expected = await this.replyText(call, 0);
    const actual = await this.replyText(call, 1);
    if (step.op === 'seal') await this.capture(step.shardlet);
    return [expected, actual];
  }

  /** The reply, and by how much the call raised the count. */
  private async replyText(call: Call, index: 0 | 1): Promise<string> {
    const { host } = this.fixtures[index];
    const reply = await call(host, index);
    const { count } = (await host.identify()).progress;
    const counted = count - this.counts[index];
    this.counts[index] = count;
    return comparable({ reply, counted });
  }

  private get reference(): EventHost {
    return this.fixtures[0].host;
  }

  private async callOf(step: Step): Promise<Call> {
    switch (step.op) {
      case 'clock':
        this.clock += step.by;
        return (_, index) => this.fixtures[index].setClock(this.clock);
      case 'makeFull':
      case 'makeRoom':
        return (_, index) => this.fixtures[index].memoryLimit![step.op]();
      case 'append':
        return this.append(step);
      case 'createOpen':
        return this.createOpen(step);
      case 'createShadow':
      case 'seal':
      case 'open':
      case 'raise':
      case 'drop':
        return this.owning(step);
      case 'ingest':
        return this.ingest(step);
      case 'ingestIds':
        return this.ingestIds(step);
      case 'truncate':
      case 'trim':
      case 'digest':
        return this.cutting(step);
      case 'ready':
        return this.ready(step);
      default:
        return this.looking(step);
    }
  }

  private async held(shardlet: number) {
    const found = await this.reference.describe(shardlet);
    return 'kind' in found ? { ...found, firstSeq: 1, lastSeq: 0, inheritedIdSets: [] } : found;
  }

  private async epochOf(shardlet: number, choice: EpochChoice): Promise<number> {
    if (choice === 'next') return ++this.lastEpoch;
    if (choice === 'far') return this.lastEpoch + 1;
    const current = (await this.held(shardlet)).epoch;
    return choice === 'current' ? current : current - 1;
  }

  private async append(step: StepOf<'append'>): Promise<Call> {
    const groups = await Promise.all(step.groups.map((group) => this.groupOf(group)));
    return (host) => host.append(groups);
  }

  private async groupOf(group: GroupStep) {
    const frames = group.events.map((n) => sampleEvent(n));
    const idTimes = group.idTimes?.map((offset) => (offset === null ? 0 : this.clock + offset));
    return {
      shardlet: group.shardlet,
      epoch: await this.epochOf(group.shardlet, group.epoch),
      edgeTs: this.clock + group.edgeOffset,
      tokenTs: group.tokenOffset === 0 ? 0 : this.clock + group.tokenOffset,
      dedup: { ...DEDUP, windowMicros: group.window },
      frames: concatFrames(frames),
      count: frames.length,
      ...(idTimes === undefined ? {} : { idTimes }),
    };
  }

  private async createOpen(step: StepOf<'createOpen'>): Promise<Call> {
    const epoch = await this.epochOf(step.shardlet, step.epoch);
    const parents = await Promise.all(
      step.parents.map(async (shardlet) => ({ shardlet, epoch: (await this.held(shardlet)).epoch })),
    );
    return (host) => host.createOpen(step.shardlet, epoch, step.narrow ? NARROW : SPEC, parents);
  }

  private async owning(step: StepOf<'createShadow' | 'seal' | 'open' | 'raise' | 'drop'>): Promise<Call> {
    const epoch = await this.epochOf(step.shardlet, step.epoch);
    if (step.op === 'createShadow') return (host) => host.createShadow(step.shardlet, epoch, SPEC);
    const { op, shardlet } = step;
    return (host) => host[op](shardlet, epoch);
  }

  private async capture(shardlet: number): Promise<void> {
    const { firstSeq } = await this.held(shardlet);
    const reply = await this.reference.read(shardlet, firstSeq, 0, ALL);
    if (reply.kind === 'records') this.captured.set(shardlet, reply.records);
  }

  /** The record that the source of a copy has at this seq; times rise with seqs on both sides of what it had. */
  private sourceRecord(shardlet: number, seq: number): StoredRecord {
    const captured = this.captured.get(shardlet) ?? [];
    const found = captured.find((record) => record.seq === seq);
    if (found !== undefined) return found;
    const frame = sampleEvent(((shardlet * 5 + seq) % EVENTS) + 1);
    const [first, last] = [captured[0], captured.at(-1)];
    if (first === undefined || last === undefined)
      return { seq, ts: T0 - 3 * STEP_WINDOW + seq * 300_000, frame };
    const nearest = seq < first.seq ? first : last;
    return { seq, ts: nearest.ts + (seq - nearest.seq) * 300_000, frame };
  }

  private async ingest(step: StepOf<'ingest'>): Promise<Call> {
    const { shardlet } = step;
    const epoch = await this.epochOf(shardlet, step.epoch);
    const from = Math.max(1, (await this.held(shardlet)).lastSeq + 1 + step.fromOffset);
    const records = Array.from({ length: step.count }, (_, k) => this.sourceRecord(shardlet, from + k));
    const [first] = records;
    if (first !== undefined && step.spoil === 'ts') records[0] = { ...first, ts: first.ts + 1 };
    if (first !== undefined && step.spoil === 'frame') records[0] = { ...first, frame: sampleEvent(1_000) };
    return (host) => host.ingest(shardlet, epoch, records);
  }

  private async ingestIds(step: StepOf<'ingestIds'>): Promise<Call> {
    const epoch = await this.epochOf(step.shardlet, step.epoch);
    const ids = step.events.map((n) => ({
      field: sampleEvent(n).slice(ID_FIELD.from, ID_FIELD.to),
      seq: n,
    }));
    const name = `${step.origin}.1.1`;
    const set = { name, origin: step.origin, count: ids.length, timeLeftMicros: step.timeLeft };
    return (host) => host.ingestIds(step.shardlet, epoch, set, ids, step.complete);
  }

  private async cutting(step: StepOf<'truncate' | 'trim' | 'digest'>): Promise<Call> {
    const { shardlet } = step;
    const epoch = await this.epochOf(shardlet, step.epoch);
    if (step.op === 'digest') return (host) => host.digest(shardlet, epoch, step.from, step.to);
    const seq = Math.max(0, (await this.held(shardlet)).lastSeq + step.offset);
    const { op } = step;
    return (host) => host[op](shardlet, epoch, seq);
  }

  /** What the shadow itself holds, as if the source held the same; a lie makes the source differ. */
  private async ready(step: StepOf<'ready'>): Promise<Call> {
    const { shardlet, lie } = step;
    const epoch = await this.epochOf(shardlet, step.epoch);
    const held = await this.held(shardlet);
    const found = await this.reference.digest(shardlet, held.epoch, held.firstSeq, held.lastSeq);
    const digest = found.kind === 'digest' ? found.digest : digestOf([]);
    const firstSeqLie = lie === 'firstSeq' ? -1 : lie === 'firstSeqHigher' ? 1 : 0;
    const expect = {
      firstSeq: held.firstSeq + firstSeqLie,
      finalSeq: held.lastSeq + (lie === 'finalSeq' ? 1 : 0),
      digest: lie === 'digest' ? { ...digest, sum1: digest.sum1 + 1 } : digest,
      idSets: [...held.inheritedIdSets.map((set) => set.name), ...(lie === 'idSets' ? ['72.1.1'] : [])],
      last: lie === 'last' ? this.clock + 500_000 : this.clock,
    };
    return (host) => host.ready(shardlet, epoch, expect);
  }

  private async looking(step: Step): Promise<Call> {
    switch (step.op) {
      case 'read':
        return this.read(step);
      case 'seek':
        return this.seek(step);
      case 'bytesIn': {
        const { firstSeq } = await this.held(step.shardlet);
        return (host) => host.bytesIn(step.shardlet, firstSeq + step.from, firstSeq + step.to);
      }
      case 'frontier':
        return this.frontier(step);
      case 'news':
        return (host, index) => this.heard[index].next(host);
      case 'mark':
        return this.mark(step);
      case 'admit':
        return this.admit(step);
      case 'createFloor': {
        const floor = await this.epochOf(step.shardlet, step.epoch);
        return (host) => host.createFloor(floor);
      }
      case 'describe':
        return (host) => host.describe(step.shardlet);
      case 'readIds': {
        const sets = (await this.held(step.shardlet)).inheritedIdSets;
        return (host) => readAllIds(host, step.shardlet, sets);
      }
      case 'list':
        return (host) => host.list(step.after, step.limit);
      case 'forgetIds':
        return (host) => forgetAll(host, step.limit);
      case 'adopt':
        return (host) => host.adopt(step.hostId);
      default:
        return identity;
    }
  }

  private async read(step: StepOf<'read'>): Promise<Call> {
    const { shardlet, maxRecords, maxBytes, ofEvent } = step;
    const minEpoch = await this.epochOf(shardlet, step.epoch);
    const from = Math.max(1, (await this.held(shardlet)).lastSeq + step.fromOffset);
    const options = { maxRecords, maxBytes };
    const keyHash = ofEvent === undefined ? undefined : framePosition(sampleEvent(ofEvent)).hi;
    const filter = keyHash === undefined ? options : { ...options, keyHash };
    return (host) => host.read(shardlet, from, minEpoch, filter);
  }

  /** Only where times rise with seqs, as they do in life; `ready` here may have been told otherwise. */
  private async seek(step: StepOf<'seek'>): Promise<Call> {
    const { firstSeq } = await this.held(step.shardlet);
    const reply = await this.reference.read(step.shardlet, firstSeq, 0, ALL);
    const times = reply.kind === 'records' ? reply.records.map((record) => record.ts) : [];
    if (times.some((ts, i) => i > 0 && ts <= times[i - 1]!)) return async () => 'not asked';
    return (host) => host.seek(step.shardlet, this.clock + step.offset);
  }

  /** `since` is opaque: each host gets its own back. */
  private frontier(step: StepOf<'frontier'>): Call {
    const { known, latest } = this.nextSince(step.sinceIndex);
    return async (host, index) => {
      const { since, ...reply } = await host.frontier(this.clock + step.offset, known[index]);
      latest[index] = since;
      return reply;
    };
  }

  private nextSince(index: number) {
    const known = this.sinces[Math.min(index, this.sinces.length - 1)] ?? [0, 0];
    const latest: [number, number] = [0, 0];
    this.sinces.unshift(latest);
    return { known, latest };
  }

  private async mark(step: StepOf<'mark'>): Promise<Call> {
    const { mark: held } = await this.reference.identify();
    const fresh = `${++this.marks}.fresh`;
    const next = step.how === 'again' && held !== '' ? held : fresh;
    const expected = step.how === 'strays' ? 'none' : held;
    const { known, latest } = this.nextSince(step.sinceIndex);
    return async (host, index) => {
      const reply = await host.mark(expected, next, this.clock + step.offset, known[index]);
      if (reply.kind === 'otherMark') return reply;
      const { since, progress, ...rest } = reply;
      latest[index] = since;
      return { ...rest, generation: progress.generation };
    };
  }

  private async admit(step: StepOf<'admit'>): Promise<Call> {
    const { progress } = await this.reference.identify();
    return (host) => host.admit(progress.generation + step.by, this.clock + step.offset);
  }
}

/** What was told by news so far: what a host names again is its own business, what results is not. */
class Heard {
  private since = 0;
  private asked = 0;
  private readonly replicas = new Map<number, ReplicaInfo>();

  /** In turn without a promise and with one that is made just now: where an older one is used again, engines may differ. */
  async next(host: EventHost) {
    const isPromised = this.asked++ % 2 === 1;
    return this.take(await (isPromised ? host.promise(this.since, 0) : host.news(this.since)));
  }

  private take({ since, hostLast, changed }: FrontierReply) {
    this.since = since;
    for (const info of changed) {
      if (info.mode === 'dropped') this.replicas.delete(info.shardlet);
      else this.replicas.set(info.shardlet, info);
    }
    return { hostLast, replicas: [...this.replicas.values()].sort((a, b) => a.shardlet - b.shardlet) };
  }
}

/** Some pairs of events share their kept 7 bytes, as 2^-56 of all pairs do. */
function sampleEvent(n: number): Uint8Array {
  if (n % 6 !== 0) return sampleFrame(n);
  const field = n % 12 === 0 ? n - 6 : n;
  return sampleFrame(n, { key: 'twins', identity: new Uint32Array([n, field, 0x55000000, n]) });
}

async function identity(host: EventHost) {
  const { hostId, clockMicros, progress, mark, markPromise } = await host.identify();
  return { hostId, clockMicros, progress, mark, markPromise };
}

/** Chunks and their order are the engine's business. */
async function readAllIds(host: EventHost, shardlet: number, sets: readonly IdSetInfo[]) {
  const found: Record<string, string[]> = {};
  for (const { name } of sets) {
    const ids: KnownId[] = [];
    let cursor: number | undefined = 0;
    while (cursor !== undefined) {
      const chunk = await host.readIds(shardlet, name, cursor);
      ids.push(...chunk.ids);
      cursor = chunk.next;
    }
    found[name] = ids.map((id) => comparable(id)).sort();
  }
  return found;
}

/** When storage is freed is the engine's business; that it ends, and shows in no other reply, is not. */
async function forgetAll(host: EventHost, limit: number) {
  for (let round = 0; round < FORGET_ROUNDS_MAX; round++) {
    const freed = await host.forgetIds(limit);
    if (freed === 0) return 'nothing left';
    if (freed > limit) return `freed ${freed} of ${limit}`;
  }
  return 'never ends';
}

/** One text for equal values: bytes as hex, fields in the order of their names, undefined like absent. */
function comparable(reply: unknown): string {
  return (
    JSON.stringify(reply, (_, value) => {
      if (value instanceof Uint8Array) return `0x${Array.from(value, hexByte).join('')}`;
      if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'null'
  );
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
