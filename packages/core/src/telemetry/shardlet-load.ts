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

export function writeLoads(out: ByteWriter, { loads, keyNames }: NamedLoads): void {
  const types = new Map<string, number>();
  for (const load of loads.values())
    for (const type of load.eventTypes.keys()) if (!types.has(type)) types.set(type, types.size);
  out.uint(types.size);
  for (const type of types.keys()) out.text(type);
  const told = new Set([...loads.values()].flatMap((load) => load.topKeys.told().map((k) => k.keyHash)));
  const names = [...keyNames].filter(([hash]) => told.has(hash));
  out.uint(names.length);
  for (const [hash, name] of names) {
    out.uint(hash);
    out.text(name);
  }
  out.uint(loads.size);
  let before = 0;
  for (const [shardlet, load] of [...loads].sort(([a], [b]) => a - b)) {
    out.uint(shardlet - before);
    before = shardlet;
    writeLoad(out, load, types);
  }
}

function writeLoad(out: ByteWriter, load: ShardletLoad, types: ReadonlyMap<string, number>): void {
  for (const count of [load.events, load.bytes, load.reads, load.errors]) out.uint(count);
  load.latency.write(out);
  load.keys.write(out);
  load.topKeys.write(out);
  out.uint(load.eventTypes.size);
  for (const [type, events] of load.eventTypes) {
    out.uint(types.get(type)!);
    out.uint(events);
  }
}

/** Adds what was written to `into`. @throws RangeError when the bytes are something else */
export function addLoadsFrom(input: ByteReader, into: NamedLoads): void {
  const types = Array.from({ length: input.uint() }, () => input.text());
  for (let left = input.uint(); left > 0; left--) {
    const hash = input.uint();
    into.keyNames.set(hash, input.text());
  }
  let shardlet = 0;
  for (let left = input.uint(); left > 0; left--) {
    shardlet += input.uint();
    addLoadFrom(input, loadOf(into.loads, shardlet), types);
  }
}

function addLoadFrom(input: ByteReader, load: ShardletLoad, types: readonly string[]): void {
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

export function packLoads(loads: NamedLoads): Uint8Array {
  const out = new ByteWriter();
  writeLoads(out, loads);
  return out.finish();
}

export function unpackLoads(bytes: Uint8Array, into: NamedLoads): void {
  addLoadsFrom(new ByteReader(bytes), into);
}
