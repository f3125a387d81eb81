-- Who may write: create, seal, open, raise, drop. Every one of them is decided by the epoch alone, and one
-- that is already done is answered like the first time and changes nothing.

local function add_replica(r, now)
  open_next_set(r, now)
  call('ZADD', REPLICAS, r.shardlet, r.shardlet)
  call('ZREM', TOMBSTONES, r.shardlet)
  save_changed(r)
  return { 'created' }
end

-- What both kinds of creation answer without creating anything; nil when nothing is in the way.
local function obstacle(found, epoch, replaces)
  if found then
    if found.epoch == epoch and found.mode ~= DROPPED then return { 'created' } end
    if found.epoch >= epoch or not replaces(found.mode) then return stale(found) end
  end
  local create_floor = create_floor()
  if epoch < create_floor then return { 'belowFloor', create_floor } end
end

-- Replaces a sealed, shadow or ready replica or a tombstone of a lower epoch, but never an open one.
-- Arguments: shardlet, epoch, stream, range (4), window, lead.
local function create_shadow(args)
  local now = clock_and_promise()
  local shardlet = args[1]
  local found = load_replica(shardlet)
  local refusal = obstacle(found, tonumber(args[2]), function(mode) return mode ~= OPEN end)
  if refusal then return refusal end
  if found and found.mode ~= DROPPED then
    release_all_sets(found)
    drop_log(found)
  end
  return add_replica(new_replica(shardlet, args[2], SHADOW, unpack(args, 3, 9)), now)
end

-- A child knows everything its parents know: it refers to their closed sets, own and inherited.
-- Arguments: as above, then shardlet and epoch of every parent.
local function create_open(args)
  local now, promised = clock_and_promise()
  local shardlet = args[1]
  local refusal = obstacle(load_replica(shardlet), tonumber(args[2]), function(mode) return mode == DROPPED end)
  if refusal then return refusal end
  local child = new_replica(shardlet, args[2], OPEN, unpack(args, 3, 9))
  child.last = promised
  local parents = {}
  for i = 10, #args, 2 do
    local parent, refused = replica_at(args[i], args[i + 1], SEALED)
    if not parent then return refused end
    parents[#parents + 1] = parent
  end
  for _, parent in ipairs(parents) do
    child.last = max(child.last, parent.last)
    for _, set in ipairs(live_sets(parent, now)) do
      if not knows(child, set.name) then refer_to(child, set.name) end
    end
  end
  return add_replica(child, now)
end

local function done(r)
  return { 'done', r.last_seq }
end

local function seal(args)
  local now, promised = clock_and_promise()
  local r, refused = replica_at(args[1], args[2], OPEN, SEALED)
  if not r then return refused end
  if r.mode == OPEN then
    r.mode, r.last = SEALED, max(r.last, promised)
    close_current_set(r, now)
    save_changed(r)
  end
  return done(r)
end

local function open(args)
  local _, promised = clock_and_promise()
  local r, refused = replica_at(args[1], args[2], READY, OPEN)
  if not r then return refused end
  if r.mode == READY then
    r.mode, r.last = OPEN, max(r.last, promised)
    save_changed(r)
  end
  return done(r)
end

local function raise(args)
  local now, promised = clock_and_promise()
  local r, epoch = load_replica(args[1]), tonumber(args[2])
  if not r or (r.mode ~= OPEN and r.mode ~= SEALED) then return stale(r) end
  if r.epoch == epoch and r.mode == OPEN then return done(r) end
  if r.epoch >= epoch then return stale(r) end
  r.epoch, r.last = epoch, max(r.last, promised)
  if r.mode == SEALED then open_next_set(r, now) end
  r.mode = OPEN
  save_changed(r)
  return done(r)
end

local function leave_tombstone(shardlet, epoch)
  call('ZADD', REPLICAS, shardlet, shardlet)
  call('ZADD', TOMBSTONES, epoch, shardlet)
  save_changed(new_replica(shardlet, epoch, DROPPED))
end

-- Removes whatever has an epoch at or below the given one. Below the floor nothing can be created any more,
-- so where nothing was no tombstone is needed there.
local function drop(args)
  local shardlet, epoch = args[1], tonumber(args[2])
  local found = load_replica(shardlet)
  if found and found.epoch > epoch then return stale(found) end
  local needless = not found and epoch < create_floor()
  local there = found and found.mode == DROPPED and found.epoch == epoch
  if not needless and not there then
    if found and found.mode ~= DROPPED then
      release_all_sets(found)
      drop_log(found)
    end
    leave_tombstone(shardlet, epoch)
  end
  return { 'dropped' }
end

-- Raises the floor below which nothing may be created, and removes the tombstones below it.
local function raise_create_floor(args)
  local held = create_floor()
  local floor_now = max(held, tonumber(args[1]))
  if floor_now > held then set_host('createFloor', int(floor_now)) end
  local below = call('ZRANGEBYSCORE', TOMBSTONES, '-inf', '(' .. int(floor_now))
  for _, shardlet in ipairs(below) do call('DEL', REPLICA .. shardlet) end
  for _, index in ipairs({ TOMBSTONES, REPLICAS, CHANGES }) do call_in_chunks('ZREM', index, below) end
  call_in_chunks('SREM', DIRTY, below)
  if #below > 0 and floor_now == held then count_call() end
  return { 'done' }
end

register('create_shadow', create_shadow)
register('create_open', create_open, 'allow-oom')
register('seal', seal, 'allow-oom')
register('open', open, 'allow-oom')
register('raise', raise, 'allow-oom')
register('drop', drop, 'allow-oom')
register('create_floor', raise_create_floor, 'allow-oom')
