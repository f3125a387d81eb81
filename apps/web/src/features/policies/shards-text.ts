/** First and last shard as they are typed: "3", "3-7", or empty for all. */
type Shards = readonly [number, number];

const SHARDS = /^(\d{1,4})(?:\s*-\s*(\d{1,4}))?$/;

export function writeShards(shards: Shards | undefined): string {
  if (shards === undefined) return '';
  return shards[0] === shards[1] ? `${shards[0]}` : shards.join('-');
}

/** Undefined: all. */
export function readShards(text: string): [number, number] | undefined {
  const [, first, last = first] = SHARDS.exec(text.trim()) ?? [];
  return first === undefined ? undefined : [Number(first), Number(last)];
}

/** What is wrong with the text; undefined when nothing is. */
export function shardsProblem(text: string): string | undefined {
  const shards = readShards(text);
  if (text.trim() !== '' && shards === undefined) return 'shards: a number such as 3, or a range such as 3-7';
  return shards !== undefined && shards[1] < shards[0]
    ? 'shards: the first comes before the last'
    : undefined;
}
