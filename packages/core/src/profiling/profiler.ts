/**
 * Looks at a share of the events, each with the same chance, and keeps what they look like until the next
 * flush. What is not looked at costs a subtraction a request: the distance to the next sampled event is drawn
 * ahead (geometric skips), so nothing is asked of an event that is passed over.
 */
import { hashKey } from '../keyspace/index.ts';
import { fieldsOf, type Path, type ProfileSettings, pathOf, valueAt } from './profile-fields.ts';
import { Profiles } from './profiles.ts';

export interface ProfilerParts {
  /** of the events, from 0 (none) to 1 (all) */
  readonly share: number;
  readonly fields: ProfileSettings;
  /** in [0, 1) */
  readonly random: () => number;
}

interface Field {
  readonly pointer: string;
  readonly path: Path;
}

interface Fields {
  readonly numbers: readonly Field[];
  readonly keys: readonly Field[];
}

/** Names are for the heaviest only; in a flush with more values the rest stays nameless. */
const NAMES_MAX = 20_000;

export class Profiler {
  private readonly parts: ProfilerParts;
  private readonly fieldsByStream = new Map<string, Fields>();
  private profiles = new Profiles();
  private skip: number;

  constructor(parts: ProfilerParts) {
    this.parts = parts;
    this.skip = this.drawSkip();
  }

  /** The sampled ones among the next `count` events, by their index. */
  *sampled(count: number): Generator<number> {
    while (this.skip < count) {
      yield this.skip;
      this.skip += 1 + this.drawSkip();
    }
    this.skip -= count;
  }

  /** True where `sampled` would yield nothing: then it has been told already. */
  passes(count: number): boolean {
    if (this.skip < count) return false;
    this.skip -= count;
    return true;
  }

  add(stream: string, shardlet: number, json: Uint8Array): void {
    const fields = this.fieldsFor(stream);
    const profile = this.profiles.of(shardlet);
    profile.addSize(json.length);
    if (fields.numbers.length === 0 && fields.keys.length === 0) return;
    const event: unknown = JSON.parse(decoder.decode(json));
    for (const { pointer, path } of fields.numbers) profile.addNumber(pointer, valueAt(event, path));
    for (const { pointer, path } of fields.keys) profile.addKey(pointer, this.hashOf(valueAt(event, path)));
  }

  /** What was seen since the last flush; undefined when nothing was. */
  flush(): Profiles | undefined {
    const { profiles } = this;
    if (profiles.shardlets.size === 0) return undefined;
    this.profiles = new Profiles();
    return profiles;
  }

  private hashOf(value: unknown): number | undefined {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      return undefined;
    // 1 and "1" are different values
    const name = typeof value === 'string' ? value : `${typeof value} ${value}`;
    const hash = hashKey(name);
    if (this.profiles.names.size < NAMES_MAX) this.profiles.name(hash, String(value));
    return hash;
  }

  private fieldsFor(stream: string): Fields {
    let fields = this.fieldsByStream.get(stream);
    if (fields === undefined) {
      const { numbers, keys } = fieldsOf(this.parts.fields, stream);
      fields = { numbers: numbers.map(field), keys: keys.map(field) };
      this.fieldsByStream.set(stream, fields);
    }
    return fields;
  }

  private drawSkip(): number {
    const { share, random } = this.parts;
    if (share <= 0) return Number.POSITIVE_INFINITY;
    return share >= 1 ? 0 : Math.floor(Math.log(1 - random()) / Math.log(1 - share));
  }
}

function field(pointer: string): Field {
  return { pointer, path: pathOf(pointer) };
}

const decoder = new TextDecoder();
