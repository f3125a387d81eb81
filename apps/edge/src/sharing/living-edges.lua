-- A sign of life of one edge, and all edges that gave one lately. By the clock of this server, as theirs differ.
-- KEYS: when each edge gave its last sign; the address of each
-- ARGV: the edge ('' to look only); its address; ms that a sign counts for; 'leave' when it ends
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' then
  if ARGV[4] == 'leave' then
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('HDEL', KEYS[2], ARGV[1])
  else
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  end
end
local silent = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now - ARGV[3]))
for _, edge in ipairs(silent) do
  redis.call('ZREM', KEYS[1], edge)
  redis.call('HDEL', KEYS[2], edge)
end
return redis.call('HGETALL', KEYS[2])
