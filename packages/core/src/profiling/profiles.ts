/** The profiles of many shardlets, of one edge and ten seconds or of all edges and an hour: they add up. */
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { ShardletProfile } from './shardlet-profile.ts';

/** The first byte: another format is refused, not misread. */
const FORMAT = 1;
/** Names of keys that are kept for the heaviest of every shardlet. */
const NAME_CHARS_MAX = 120;

/** Key of the capped stream in the control Redis, one entry a flush in the field `profiles`. */
export const PROFILE_STREAM_KEY = '{foreshard}:profiles';
export const PROFILE_FIELD = 'profiles';
/** Half an hour of two edges that flush every ten seconds. */
export const PROFILE_STREAM_LENGTH = 360;

export class Profiles {
  readonly shardlets = new Map<number, ShardletProfile>();
  /** hashes of key values -> the values, for those that may be among the heaviest */
  readonly names = new Map<number, string>();

  of(shardlet: number): ShardletProfile {
    let profile = this.shardlets.get(shardlet);
    if (profile === undefined) this.shardlets.set(shardlet, (profile = new ShardletProfile()));
    return profile;
  }

  name(hash: number, value: string): void {
    if (!this.names.has(hash)) this.names.set(hash, value.slice(0, NAME_CHARS_MAX));
  }

  get samples(): number {
    let sum = 0;
    for (const { samples } of this.shardlets.values()) sum += samples;
    return sum;
  }

  merge(other: Profiles): void {
    for (const [id, profile] of other.shardlets) this.of(id).merge(profile);
    for (const [hash, name] of other.names) this.names.set(hash, name);
  }

  pack(): Uint8Array {
    const out = new ByteWriter();
    out.uint(FORMAT);
    const pointers = this.pointers();
    out.uint(pointers.length);
    for (const pointer of pointers) out.text(pointer);
    const names = this.reportedNames();
    out.uint(names.length);
    for (const [hash, name] of names) {
      out.uint(hash);
      out.text(name);
    }
    out.uint(this.shardlets.size);
    const indexOf = (pointer: string) => pointers.indexOf(pointer);
    for (const [id, profile] of [...this.shardlets].sort(([a], [b]) => a - b)) {
      out.uint(id);
      profile.write(out, indexOf);
    }
    return out.finish();
  }

  /** @throws RangeError when the bytes are something else */
  static unpack(bytes: Uint8Array): Profiles {
    const input = new ByteReader(bytes);
    if (input.uint() !== FORMAT) throw new RangeError('the profiles are of another format');
    const profiles = new Profiles();
    const pointers = Array.from({ length: input.uint() }, () => input.text());
    for (let left = input.uint(); left > 0; left--) profiles.names.set(input.uint(), input.text());
    for (let left = input.uint(); left > 0; left--)
      profiles.shardlets.set(input.uint(), ShardletProfile.read(input, pointers));
    return profiles;
  }

  private pointers(): string[] {
    const pointers = new Set<string>();
    for (const { numbers, keys } of this.shardlets.values())
      for (const pointer of [...numbers.keys(), ...keys.keys()]) pointers.add(pointer);
    return [...pointers];
  }

  private reportedNames(): [number, string][] {
    const reported = new Set<number>();
    for (const { keys } of this.shardlets.values())
      for (const { top } of keys.values()) for (const { keyHash } of top.reported()) reported.add(keyHash);
    return [...this.names].filter(([hash]) => reported.has(hash));
  }
}
