/** Keys for a load: so many for each shardlet, found by trying names. */
import { contains, hashKey } from '@foreshard/core/keyspace';
import type { Shardlet } from '@foreshard/core/topology';

const TRIED_MAX = 100_000;

/** In the order of the shardlets. REQUIRES that they cover all keys. */
export function keysOf(shardlets: readonly Pick<Shardlet, 'range'>[], count: number): string[][] {
  const keys: string[][] = shardlets.map(() => []);
  for (let tried = 0; tried < TRIED_MAX && keys.some(({ length }) => length < count); tried++) {
    const key = `customer-${tried}`;
    const position = { hi: hashKey(key), lo: 0 };
    const place = shardlets.findIndex(({ range }) => contains(range, position));
    if (keys[place] !== undefined && keys[place].length < count) keys[place].push(key);
  }
  return keys;
}
