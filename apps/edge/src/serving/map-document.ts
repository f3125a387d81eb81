/**
 * GET /v1/map: what clients and people may know of the topology store. Host addresses without user, password or
 * options. A map may hold a million shardlets, so the document is made piece by piece.
 */
import { addressOf } from '@foreshard/core/hosts';
import { formatPosition } from '@foreshard/core/keyspace';
import type { Host, Shardlet, Stream, TopologyMap } from '@foreshard/core/topology';

const SHARDLETS_PER_PIECE = 500;

/** `stream`: only its shardlets. */
export function* mapDocument(map: TopologyMap, stream: Stream | undefined): Generator<string> {
  const head = {
    version: map.version,
    streams: stream === undefined ? map.streams() : [stream],
    hosts: map.hosts().map(hostOf),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"shardlets":[`;
  // one moment of the map: its values are never changed, only replaced
  const shardlets = [...map.shardlets(stream?.id)].sort((a, b) => a.id - b.id);
  const nameOf = (id: number) => map.stream(id)?.name ?? '';
  for (let from = 0; from < shardlets.length; from += SHARDLETS_PER_PIECE) {
    const piece = shardlets
      .slice(from, from + SHARDLETS_PER_PIECE)
      .map((s) => shardletOf(s, nameOf(s.stream)));
    yield (from === 0 ? '' : ',') + JSON.stringify(piece).slice(1, -1);
  }
  yield ']}';
}

function hostOf({ id, name, engine, url, durability, state }: Host) {
  return { id, name, engine, address: addressOf(url), durability, state };
}

function shardletOf({ id, shard, range, owner, epoch, state, parents }: Shardlet, stream: string) {
  const { kind, ...more } = state;
  const { from, to } = range;
  return {
    id,
    stream,
    shard,
    range: { from: formatPosition(from), to: formatPosition(to) },
    owner,
    epoch,
    state: kind,
    ...('successors' in more ? { successors: more.successors } : {}),
    ...('finalSeq' in more ? { finalSeq: more.finalSeq, finalTs: more.finalTs } : {}),
    parents,
  };
}
