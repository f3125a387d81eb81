/** The load of one shardlet in some stretch of time: counts that add up and sketches that merge. */
import { DistinctKeys } from './distinct-keys.ts';
import { LatencySketch } from './latency-sketch.ts';
import { ByteReader, ByteWriter } from './packing.ts';
import { TopKeys } from './top-keys.ts';

/** Types beyond it are counted together, under the empty name. */
const TYPES_MAX = 16;

export class ShardletLoad {
  /** events stored */
  events = 0;
  /** bytes stored, with frames */
  bytes = 0;
  /** events handed to readers */
  reads = 0;
  /** events refused */
  errors = 0;
  readonly latency = new LatencySketch();
  readonly keys = new DistinctKeys();
  readonly topKeys = new TopKeys();
  private types: Map<string, number> | undefined;

  /** As new, with the memory it has. */
  clear(): void {
    this.events = 0;
    this.bytes = 0;
    this.reads = 0;
    this.errors = 0;
    this.latency.clear();
    this.keys.clear();
    this.topKeys.clear();
    this.types = undefined;
  }

  addType(type: string, events: number): void {
    this.types ??= new Map();
    const name = this.types.has(type) || this.types.size < TYPES_MAX ? type : '';
    this.types.set(name, (this.types.get(name) ?? 0) + events);
  }

  get eventTypes(): ReadonlyMap<string, number> {
    return this.types ?? NO_TYPES;
  }

  merge(other: ShardletLoad): void {
    this.events += other.events;
    this.bytes += other.bytes;
    this.reads += other.reads;
    this.errors += other.errors;
    this.latency.merge(other.latency);
    this.keys.merge(other.keys);
    this.topKeys.merge(other.topKeys);
    for (const [type, events] of other.eventTypes) this.addType(type, events);
  }
}

const NO_TYPES: ReadonlyMap<string, number> = new Map();

export type Loads = Map<number, ShardletLoad>;

export function loadOf(loads: Loads, shardlet: number): ShardletLoad {
  let load = loads.get(shardlet);
  if (load === undefined) loads.set(shardlet, (load = new ShardletLoad()));
  return load;
}

/** Keys are counted by hash; these are the names of the ones that are told. */
export type KeyNames = Map<number, string>;

export interface NamedLoads {
  readonly loads: Loads;
  readonly keyNames: KeyNames;
}

export function newNamedLoads(): NamedLoads {
  return { loads: new Map(), keyNames: new Map() };
}

export function mergeLoads(into: NamedLoads, from: NamedLoads): void {
  for (const [shardlet, load] of from.loads) loadOf(into.loads, shardlet).merge(load);
  for (const [hash, name] of from.keyNames) into.keyNames.set(hash, name);
}

/** Rows between two turns: some tenths of a millisecond. */
const ROWS_A_TURN = 200;

/** Turns of some rows each, so that whoever writes many can do other work in between. */
export function writeLoadsInTurns(out: ByteWriter, named: NamedLoads): Generator<void, void> {
  return writeRows(out, named, writeLoad);
}

/** What a row is written with. */
interface RowParts {
  /** numbers of the types, in the order in which they are first met */
  readonly types: Map<string, number>;
  /** hears of every top key */
  report(keyHash: number): void;
}

function* writeRows(
  out: ByteWriter,
  { loads, keyNames }: NamedLoads,
  write: typeof writeLoad,
): Generator<void, void> {
  const rows = new ByteWriter();
  // between two turns a name may be forgotten
  const named: KeyNames = new Map();
  const parts: RowParts = {
    types: new Map(),
    report(keyHash) {
      const name = keyNames.get(keyHash);
      if (name !== undefined) named.set(keyHash, name);
    },
  };
  let before = 0;
  let left = ROWS_A_TURN;
  for (const shardlet of Float64Array.from(loads.keys()).sort()) {
    if (left-- === 0) {
      yield;
      left = ROWS_A_TURN;
    }
    rows.uint(shardlet - before);
    before = shardlet;
    write(rows, loads.get(shardlet)!, parts);
  }
  out.uint(parts.types.size);
  for (const type of parts.types.keys()) out.text(type);
  out.uint(named.size);
  for (const [hash, name] of named) {
    out.uint(hash);
    out.text(name);
  }
  out.uint(loads.size);
  out.append(rows);
}

function writeLoad(out: ByteWriter, load: ShardletLoad, parts: RowParts): void {
  for (const count of [load.events, load.bytes, load.reads, load.errors]) out.uint(count);
  load.latency.write(out);
  load.keys.write(out);
  writeKeys(out, load, parts);
}

/** Top keys and types: what hours keep beside their numbers. */
function writeKeys(out: ByteWriter, load: ShardletLoad, { types, report }: RowParts): void {
  load.topKeys.write(out, report);
  out.uint(load.eventTypes.size);
  for (const [type, events] of load.eventTypes) {
    if (!types.has(type)) types.set(type, types.size);
    out.uint(types.get(type)!);
    out.uint(events);
  }
}

/** Adds what was written, row by row, to the loads that `of` answers; nothing is built on the way. */
export function addLoads(
  input: ByteReader,
  of: (shardlet: number) => ShardletLoad,
  keyNames: KeyNames,
): void {
  const types = Array.from({ length: input.uint() }, () => input.text());
  for (let left = input.uint(); left > 0; left--) {
    const hash = input.uint();
    keyNames.set(hash, input.text());
  }
  let shardlet = 0;
  for (let left = input.uint(); left > 0; left--) {
    shardlet += input.uint();
    addLoad(input, of(shardlet), types);
  }
}

function addLoad(input: ByteReader, load: ShardletLoad, types: readonly string[]): void {
  load.events += input.uint();
  load.bytes += input.uint();
  load.reads += input.uint();
  load.errors += input.uint();
  load.latency.addFrom(input);
  load.keys.addFrom(input);
  load.topKeys.addFrom(input);
  for (let left = input.uint(); left > 0; left--) {
    const type = types[input.uint()] ?? '';
    load.addType(type, input.uint());
  }
}

/**
 * Reads over what was written: whoever adds it to loads that are in use must know before that it is whole.
 * @throws RangeError when the bytes are something else
 */
export function checkLoads(bytes: Uint8Array): void {
  const input = new ByteReader(bytes);
  for (let types = input.uint(); types > 0; types--) input.raw(input.uint());
  for (let names = input.uint(); names > 0; names--) {
    input.uint();
    input.raw(input.uint());
  }
  for (let rows = input.uint(); rows > 0; rows--) {
    input.skip(1 + COUNTS);
    input.skip(2 * input.uint());
    DistinctKeys.skip(input);
    input.skip(2 * input.uint());
    input.skip(2 * input.uint());
  }
  if (!input.isAtEnd) throw new RangeError('more bytes than the packed telemetry has');
}

/** Events, bytes, reads, errors. */
const COUNTS = 4;
/** Latency and distinct keys: none is one zero each. */
const SKETCHES = 2;

export function packLoads(loads: NamedLoads): Uint8Array {
  const out = new ByteWriter();
  lastOf(writeLoadsInTurns(out, loads));
  return out.finish();
}

/** The same without counts and sketches. */
export function packKeys(loads: NamedLoads): Uint8Array {
  const out = new ByteWriter();
  const writeKeysAlone: typeof writeLoad = (rows, load, parts) => {
    for (let zeros = COUNTS + SKETCHES; zeros > 0; zeros--) rows.uint(0);
    writeKeys(rows, load, parts);
  };
  lastOf(writeRows(out, loads, writeKeysAlone));
  return out.finish();
}

/** All turns at once. */
export function lastOf<T>(turns: Generator<void, T>): T {
  let turn = turns.next();
  while (turn.done !== true) turn = turns.next();
  return turn.value;
}

/** @throws RangeError when the bytes are something else */
export function unpackLoads(bytes: Uint8Array, into: NamedLoads): void {
  addLoads(new ByteReader(bytes), (shardlet) => loadOf(into.loads, shardlet), into.keyNames);
}
