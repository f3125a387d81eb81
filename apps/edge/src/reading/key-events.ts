/**
 * Reads the events of one key through all shardlets that ever covered its position, oldest first. Hosts
 * give out only records whose key has the same hash; the edge compares the key itself. In a stream that
 * allows a split inside a key several shardlets hold it at the same time: the merge puts them in order.
 */
import { SERVED, type Served } from '@foreshard/core/caching';
import { framePayload } from '@foreshard/core/hosts';
import { ForeshardError } from '@foreshard/core/kernel';
import { hashKey, overlaps, type Range, range } from '@foreshard/core/keyspace';
import type { Shardlet, Stream } from '@foreshard/core/topology';
import type { EdgeMap } from '../map/edge-map.ts';
import { invalidCursor, readCursor, writeCursor } from './cursor-text.ts';
import { numbersOfPlace, placeOfNumbers, UNKNOWN_VERSION } from './log/cursor.ts';
import { endOf, type LogPosition, OLDEST, placeBefore } from './log/log-position.ts';
import { LogReader, type ReaderParts } from './log/log-reader.ts';
import type { Lost, MergedRecord, Trimmed } from './log/merge-terms.ts';
import { whereNowIs } from './log/where-now-is.ts';
import { timeOfFrom } from './parameters.ts';

export interface KeyRequest {
  readonly stream: Stream;
  readonly key: string;
  readonly from?: string | undefined;
  readonly limit: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** less than a page may have */
  readonly bytesMax?: number;
}

export interface KeyPage {
  readonly records: readonly MergedRecord[];
  readonly next: string;
  /** the cursor after one of its records */
  readonly cursorAfter: (place: LogPosition) => string;
  readonly atHead: boolean;
  readonly isStuck: boolean;
  readonly waitingFor: readonly number[];
  readonly trimmed: readonly Trimmed[];
  readonly lost: readonly Lost[];
  /** of its reads the one that was served worst */
  readonly cache: Served;
}

/** Where a reader of a key is, and the version of the map it was read with. */
interface KeyPlace {
  readonly after: LogPosition;
  readonly version: number;
}

const FORMAT_WITHOUT_VERSION = 2;
const CURSOR_FORMAT = 4;
const PAGE_BYTES_MAX = 16_000_000;
/** Of a shardlet's records few are of one key, so a read may look at more of them. */
const READ_RECORDS_MAX = 8_192;
/** Lineages kept: a few numbers each. */
const LINEAGES_MAX = 10_000;

export class KeyEvents {
  private readonly parts: ReaderParts;
  private readonly lineages: LineageCache;

  constructor(parts: ReaderParts) {
    this.parts = parts;
    this.lineages = new LineageCache(parts.map);
  }

  /** @throws ForeshardError invalid_cursor */
  async page({
    stream,
    key,
    from,
    limit,
    waitMs,
    signal,
    bytesMax = PAGE_BYTES_MAX,
  }: KeyRequest): Promise<KeyPage> {
    const keyHash = hashKey(key);
    const covered = rangeOfKey(keyHash);
    const { after, version } = await this.placeOf(from, stream.id, keyHash);
    if (version > this.parts.map.topology.version) await this.parts.map.refresh();
    let worst = 0;
    const reader = new LogReader(this.parts, {
      stream: stream.id,
      after,
      version,
      keyHash,
      candidates: this.lineages.of(stream.id, covered),
      includes: (shardlet) => overlaps(shardlet.range, covered),
      readRecordsMax: READ_RECORDS_MAX,
      served: (how) => {
        worst = Math.max(worst, SERVED.indexOf(how));
      },
    });
    try {
      const taken = await reader.take({ limit, bytesMax, waitMs, signal });
      const readWith = reader.version;
      const cursorAfter = (place: LogPosition) =>
        writeCursor(CURSOR_FORMAT, [stream.id, keyHash, readWith, ...numbersOfPlace(place)]);
      return {
        records: taken.records.filter((record) => keyOf(record) === key),
        next: cursorAfter(reader.after),
        cursorAfter,
        atHead: taken.atHead,
        isStuck: reader.isStuck,
        waitingFor: reader.waitingFor(),
        trimmed: reader.takeTrimmed(),
        lost: reader.takeLost(),
        cache: SERVED[worst]!,
      };
    } finally {
      reader.close();
    }
  }

  private async placeOf(from: string | undefined, stream: number, keyHash: number): Promise<KeyPlace> {
    const { version } = this.parts.map.topology;
    if (from === undefined || from === 'oldest') return { after: OLDEST, version };
    if (from === 'now') return { after: endOf(await whereNowIs(this.parts, stream)), version };
    const micros = timeOfFrom(from);
    return micros === undefined ? decode(from, stream, keyHash) : { after: placeBefore(micros), version };
  }
}

function decode(text: string, stream: number, keyHash: number): KeyPlace {
  const { format, numbers } = readCursor([FORMAT_WITHOUT_VERSION, CURSOR_FORMAT], text);
  const [ofStream, ofKey, ...place] = numbers;
  const version = format === CURSOR_FORMAT ? place.shift() : UNKNOWN_VERSION;
  if (version === undefined || place.length !== 3) throw invalidCursor();
  if (ofStream !== stream || ofKey !== keyHash)
    throw new ForeshardError('invalid_cursor', 'the cursor belongs to another key or stream', {
      pointer: '?from',
    });
  return { after: placeOfNumbers(place), version };
}

/** Every position that an event of this key can have. */
function rangeOfKey(keyHash: number): Range {
  return range({ hi: keyHash, lo: 0 }, { hi: keyHash + 1, lo: 0 });
}

/** The key as ingestion took it: `partitionkey`, else `subject`, else `source`. */
function keyOf({ frame }: MergedRecord): unknown {
  const event = JSON.parse(Buffer.from(framePayload(frame)).toString('utf8'));
  return event.partitionkey ?? event.subject ?? event.source;
}

/** Lineages change only when a shardlet is made: what is known of a stream is forgotten then. */
class LineageCache {
  private readonly byStream = new Map<number, Map<number, readonly number[]>>();
  private readonly map: EdgeMap;

  constructor(map: EdgeMap) {
    this.map = map;
    map.onChange((change, before) => {
      change.shardlets.forEach((s, i) => {
        if (before[i] === undefined) this.byStream.delete(s.stream);
      });
    });
  }

  of(stream: number, covered: Range): Shardlet[] {
    const { topology } = this.map;
    let known = this.byStream.get(stream);
    if (known === undefined || known.size >= LINEAGES_MAX) this.byStream.set(stream, (known = new Map()));
    let ids = known.get(covered.from.hi);
    if (ids === undefined) {
      ids = [...topology.shardlets(stream)].filter((s) => overlaps(s.range, covered)).map((s) => s.id);
      known.set(covered.from.hi, ids);
    }
    return ids.map((id) => topology.shardlet(id)).filter((s) => s !== undefined);
  }
}
