/**
 * The last map on disk, so that an edge starts and serves while the topology store is away. It is a cache: a file
 * that cannot be read is as good as none. Host URLs may hold passwords, hence mode 0600.
 *
 * A map may hold a million shardlets, so it is written piece by piece: other work goes on in between.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Topology, TopologyMap } from '@foreshard/core/topology';

/** Raised when the shape of the file changes: an older one is then ignored. */
const FORMAT = 1;
const SHARDLETS_PER_PIECE = 500;

export async function readMapFile(path: string): Promise<Topology | undefined> {
  try {
    const { format, topology } = JSON.parse(await readFile(path, 'utf8')) as {
      format: number;
      topology: Topology;
    };
    return format === FORMAT ? topology : undefined;
  } catch {
    return undefined;
  }
}

export async function writeMapFile(path: string, map: TopologyMap): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  // one moment of the map: its values are never changed, only replaced
  const topology = map.toTopology();
  await pipeline(Readable.from(pieces(topology)), createWriteStream(temporary, { mode: 0o600 }));
  await rename(temporary, path);
}

function* pieces({ shardlets, ...rest }: Topology): Generator<string> {
  yield `{"format":${FORMAT},"topology":{${JSON.stringify(rest).slice(1, -1)},"shardlets":[`;
  for (let from = 0; from < shardlets.length; from += SHARDLETS_PER_PIECE) {
    const piece = JSON.stringify(shardlets.slice(from, from + SHARDLETS_PER_PIECE)).slice(1, -1);
    yield (from === 0 ? '' : ',') + piece;
  }
  yield ']}}';
}
