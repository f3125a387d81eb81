-- The host as a whole: who it is, what it holds, what changed, and what readers may rely on.

-- A flat row: shardlet, epoch, mode, firstSeq, lastSeq.
local function add_info(reply, r)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3] = tonumber(r.shardlet), r.epoch, r.mode
  reply[n + 4], reply[n + 5] = r.first_seq, r.last_seq
end

local function add_infos(reply, shardlets)
  for _, shardlet in ipairs(shardlets) do
    local r = load_replica(shardlet)
    if r then add_info(reply, r) end
  end
  return reply
end

-- What changed since the last frontier gets the next count; appends only leave their shardlets in a set, so
-- that an idle shardlet costs nothing and a busy one costs little.
local function count_changes()
  local dirty = call('SMEMBERS', DIRTY)
  if #dirty == 0 then return tonumber(call('HGET', HOST, 'changes') or 0) end
  local count, scored = call('HINCRBY', HOST, 'changes', 1), {}
  for i, shardlet in ipairs(dirty) do scored[2 * i - 1], scored[2 * i] = int(count), shardlet end
  call_in_chunks('ZADD', CHANGES, scored)
  call('UNLINK', DIRTY)
  return count
end

-- Adds the new since and the rows of what changed after `since`.
local function add_changes(reply, since)
  reply[#reply + 1] = count_changes()
  return add_infos(reply, call('ZRANGEBYSCORE', CHANGES, '(' .. since, '+inf'))
end

-- The highest promise that can be made up to `ts`.
local function next_promise(ts)
  local now, promised = clock_and_promise()
  return max(promised, min(tonumber(ts), now - FRONTIER_LAG)), promised
end

-- Promises that no record will get a ts at or below hostLast, and tells in the same step what changed.
-- Arguments: ts, since. Reply: hostLast, the new since, rows.
local function frontier(args)
  local host_last, promised = next_promise(args[1])
  if host_last > promised then set_host('hostLast', int(host_last)) end
  return add_changes({ host_last }, args[2])
end

-- The mark `expected` becomes `next`, and the promise of a frontier is kept with it. Where it is `next`
-- already nothing changes, and the promise told is the one kept: a higher one would be no part of every
-- state that holds this mark.
-- Arguments: expected, next, ts, since. Reply: kind, then hostLast, the new since, rows; or the other mark.
local function mark(args)
  local held, kept = host_fields('mark', 'markPromise')
  held = held or ''
  if held == args[2] then return add_changes({ 'marked', tonumber(kept or 0) }, args[4]) end
  if held ~= args[1] then return { 'otherMark', held } end
  local host_last = int(next_promise(args[3]))
  set_host('hostLast', host_last, 'mark', args[2], 'markPromise', host_last)
  return add_changes({ 'marked', tonumber(host_last) }, args[4])
end

-- Begins a new generation and promises, once the clock is past it.
-- Arguments: generation, promise. Reply: kind, and how far the clock is behind.
local function admit(args)
  local now, promised = clock_and_promise()
  local generation, promise = tonumber(args[1]), tonumber(args[2])
  if generation <= progress.generation then return { 'admitted' } end
  if now < promise then return { 'behind', promise - now } end
  set_host('g', int(generation), 'hostLast', int(max(promised, promise)))
  progress.generation = generation
  return { 'admitted' }
end

-- Arguments: shardlet (exclusive), how many.
local function list(args)
  return add_infos({}, call('ZRANGEBYSCORE', REPLICAS, '(' .. args[1], '+inf', 'LIMIT', 0, args[2]))
end

local function inherited_sets(r, now)
  local sets = {}
  for _, set in ipairs(live_sets(r, now)) do
    if set.origin ~= tonumber(r.shardlet) and set.complete == 1 then sets[#sets + 1] = set end
  end
  return sets
end

-- Reply: the row, stream, range, last, bytes, then name, origin, count and time left of each inherited set.
local function describe(args)
  local now, promised = clock_and_promise()
  local r = load_replica(args[1])
  if not r or r.mode == DROPPED then return stale(r) end
  local reply = { 'replica' }
  add_info(reply, r)
  local last = r.mode == OPEN and max(r.last, promised) or r.last
  for _, each in ipairs({ r.stream, r.from_hi, r.from_lo, r.to_hi, r.to_lo, last, r.bytes_end - r.bytes_start }) do
    reply[#reply + 1] = each
  end
  for _, set in ipairs(inherited_sets(r, now)) do
    for _, each in ipairs({ set.name, set.origin, set.count, set.forget_at - now }) do reply[#reply + 1] = each end
  end
  return reply
end

-- Ids of one reply: small enough to copy in one message.
local IDS_PER_CHUNK = 5000

-- Arguments: shardlet, set, bucket to begin with. Reply: the next bucket or -1, then fields and seqs.
-- Nothing of a set that is not inherited, still incomplete or forgotten: `describe` does not list it.
local function read_ids(args)
  local now = clock_and_promise()
  local r, reply = load_replica(args[1]), { -1 }
  local set
  for _, each in ipairs(r and r.mode ~= DROPPED and inherited_sets(r, now) or {}) do
    if each.name == args[2] then set = each end
  end
  if not set then return reply end
  for bucket = tonumber(args[3]), set.buckets - 1 do
    if #reply > IDS_PER_CHUNK * 2 then
      reply[1] = bucket
      break
    end
    local held = call('HGETALL', bucket_key(set.store, bucket))
    for i = 1, #held, 2 do
      each_seq(held[i + 1], function(seq) report(reply, held[i], seq) end)
    end
  end
  return reply
end

-- Frees part of a set whose time is over. Answers whether it is gone, and how many ids went.
local function free_set(name, limit)
  local set = load_set(name)
  local next_bucket, freed = free_buckets(set.store, set.freed_to, set.buckets, limit)
  if next_bucket < set.buckets then
    set.freed_to = next_bucket
    save_set(set)
    return false, freed
  end
  unregister_set(set)
  forget_name(name)
  return true, freed
end

-- Frees part of a store that nothing knows any more.
local function free_garbage(limit)
  local store, from, buckets = match(call('LPOP', ID_GARBAGE), '(%d+) (%d+) (%d+)')
  local next_bucket, freed = free_buckets(tonumber(store), tonumber(from), tonumber(buckets), limit)
  if next_bucket < tonumber(buckets) then
    call('LPUSH', ID_GARBAGE, format('%d %d %d', store, next_bucket, buckets))
    return false, freed
  end
  return true, freed
end

-- Frees at most `limit` ids that are over. Argument: limit.
local function forget_ids(args)
  local now, limit, freed, gone, some = clock_and_promise(), tonumber(args[1]), 0, true, 0
  while gone and freed < limit do
    local over = call('ZRANGEBYSCORE', ID_SETS_BY_END, '-inf', int(now), 'LIMIT', 0, 1)[1]
    if over then
      gone, some = free_set(over, limit - freed)
    elseif call('EXISTS', ID_GARBAGE) == 1 then
      gone, some = free_garbage(limit - freed)
    else
      break
    end
    freed = freed + some
  end
  return freed
end

local function identity()
  local now = clock_and_promise()
  local id, held, kept = host_fields('id', 'mark', 'markPromise')
  return { id, now, held or '', tonumber(kept or 0) }
end

-- Gives an empty store its host id; answers 1 when it has this one now.
local function adopt(args)
  local id = host_fields('id')
  if not id and call('ZCARD', REPLICAS) == 0 then
    set_host('id', args[1])
    return 1
  end
  return id == args[1] and 1 or 0
end

register('frontier', frontier, 'allow-oom')
register('mark', mark, 'allow-oom')
register('admit', admit, 'allow-oom')
register('list', list, 'allow-oom')
register('describe', describe, 'allow-oom')
register('read_ids', read_ids, 'allow-oom')
register('forget_ids', forget_ids, 'allow-oom')
register('identity', identity, 'allow-oom')
register('adopt', adopt, 'allow-oom')
