/**
 * What the product may do on the Redis servers of this machine: the commands it uses. Every user of the machine reaches
 * their ports, so nobody comes in without a password. `admin` is for people, who need more now and then (a larger
 * `maxmemory`); its password stands in `users.json` beside the data.
 */

const EVERYTHING = '~* &* +@all';

/** Functions are loaded and called; what they call is checked as well. */
const ON_HOSTS = [
  ...['fcall', 'function|load', 'function|list', 'info', 'config|get', 'client|setname', 'ping', 'select'],
  ...[
    'del',
    'exists',
    'get',
    'hdel',
    'hget',
    'hgetall',
    'hincrby',
    'hmget',
    'hset',
    'hsetnx',
    'lpop',
    'lpush',
  ],
  ...['mget', 'mset', 'rpush', 'sadd', 'set', 'smembers', 'srem', 'time', 'unlink', 'xadd', 'xdel', 'xrange'],
  ...['xrevrange', 'xsetid', 'xtrim', 'zadd', 'zcard', 'zrangebyscore', 'zrem'],
];

export const HOST_USERS = {
  foreshard: `~* -@all ${ON_HOSTS.map((command) => `+${command}`).join(' ')}`,
  admin: EVERYTHING,
};

/** Queues of jobs use most of what reads and writes; nothing empties it, copies it or changes its settings. */
export const CONTROL_USERS = {
  foreshard:
    '~* &* -@all +@read +@write +@connection +@pubsub +@transaction -@dangerous ' +
    '+eval +evalsha +script|load +script|exists +info +config|get +time +client|list',
  admin: EVERYTHING,
};
