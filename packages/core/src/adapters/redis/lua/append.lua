-- append: fences every group by its epoch, drops what is known, and gives the rest consecutive seqs and
-- timestamps, all groups in one atomic step. The order of the checks is part of the protocol, since each
-- has its own reply: stale, outside, ahead; then the id set rotates; then tooManyIds.
--
-- Arguments: the packed headers of all groups, then for each group its frames and, if its header says so,
-- the times inside its ids as doubles. The reply is one flat list, a few numbers a group (append-codec.ts).

local GROUP, GROUP_BYTES = '>ddddddB', 49
local APPENDED, STALE, OUTSIDE, AHEAD, TOO_MANY_IDS = 0, 1, 2, 3, 4
local TRIMMED, NO_TIME = -1, -1
local NONE = {}

-- One of each is enough, as functions run one at a time; making them anew for every group costs more than
-- the whole rest for groups of one event.
local batch = { replica = {}, starts = {}, hashes = {}, kept = {} }

-- What this call has changed so far; it is written at its end, all replicas with one command.
local unsaved

local function load_latest(shardlet)
  local raw = unsaved[shardlet]
  return raw and decode_replica(shardlet, raw, {}) or load_replica(shardlet)
end

-- The time of the record `seq` of a log when it is the event at `start`, else nil. The entry it is in is kept
-- for the next question, as retries ask for neighbours.
local function stored_time(r, seq, frames, start)
  local entry = batch.entry
  if not entry or batch.entry_of ~= r.shardlet or seq < entry.seq or seq >= entry.seq + entry.count then
    entry = entry_with(r, seq)
    batch.entry, batch.entry_of = entry, r.shardlet
  end
  local same = identity_at(entry.frames, entry.starts[seq - entry.seq + 1]) == identity_at(frames, start)
  return same and entry.ts + seq - entry.seq or nil
end

-- The seq of a known event (TRIMMED when its record is gone), nil when `seq` is that of another event. The
-- stored frame decides; where the record is trimmed or not on this host, the id alone does. Its time is left
-- in batch.found_ts.
local function match_record(origin, seq, frames, start)
  local r = batch.replica
  if origin ~= batch.origin then r = load_latest(int(origin)) end
  batch.found_ts = NO_TIME
  if not r or r.mode == DROPPED or r.mode == SHADOW or seq > r.last_seq then return seq end
  if seq < r.first_seq then return TRIMMED end
  batch.found_ts = stored_time(r, seq, frames, start)
  return batch.found_ts and seq
end

-- The same for an entry of the current set, which may be of an event of this very group (its time comes later).
local function match_current(seq, frames, start)
  local r, starts = batch.replica, batch.starts
  if seq <= r.last_seq then return match_record(batch.origin, seq, frames, start) end
  local earlier = starts[batch.kept[seq - r.last_seq]]
  return identity_at(frames, earlier) == identity_at(frames, start) and seq or nil
end

-- The origin and the seq of an event that one of the closed sets knows.
local function find_in_closed(sets, field, hash, frames, start)
  for i = 1, #sets do
    local set = sets[i]
    local value = call('HGET', bucket_key(set.store, bucket_of(hash, set.buckets, set.half)), field)
    local origin = set.origin
    local seq = each_seq(value, function(held) return match_record(origin, held, frames, start) end)
    if seq then return origin, seq end
  end
end

-- Past window - lead the ids of an event may be forgotten, so a time that old is refused. A time ahead of
-- the clock is not old: such an event is looked up like an untimed one.
local function is_expired(id_times, i, oldest)
  local time = unpack_struct('>d', id_times, 8 * i - 7)
  return time > 0 and time < oldest
end

-- Puts the ids of the new events into the current set, their places into batch.kept, and answers how many
-- they are, then the outcomes of the others. An id goes in first and comes out again if a closed set knows
-- it: nearly all events are new, and so they cost one command less.
local function sort_out(r, sets, frames, count, id_times, oldest)
  local current, starts, hashes, kept = r.current, batch.starts, batch.hashes, batch.kept
  local store, buckets, half = current.store, current.buckets, half_of(current.buckets)
  local closed = #sets > 0
  local stored, seq, duplicates, expired = 0, r.last_seq + 1, nil, nil
  for i = 1, count do
    local start = starts[i]
    local field = id_field_at(frames, start)
    local hash = hashes[i]
    local key = bucket_key(store, bucket_of(hash, buckets, half))
    local added, origin, known = call('HSETNX', key, field, int(seq)) == 1, batch.origin, nil
    if not added then
      known = each_seq(call('HGET', key, field), function(held) return match_current(held, frames, start) end)
    end
    if not known and closed then origin, known = find_in_closed(sets, field, hash, frames, start) end
    local too_old = not known and id_times and is_expired(id_times, i, oldest)
    if known then
      duplicates = duplicates or {}
      duplicates[#duplicates + 1] = { i - 1, origin, known, batch.found_ts }
    elseif too_old then
      expired = expired or {}
      expired[#expired + 1] = i - 1
    else
      if not added then call('HSET', key, field, with_seq(call('HGET', key, field), seq)) end
      stored, seq = stored + 1, seq + 1
      kept[stored] = i
    end
    if added and (known or too_old) then call('HDEL', key, field) end
  end
  return stored, duplicates, expired
end

-- Buckets are made before ids go in: one that ever held more than a listpack may would stay large.
local function make_room(current, count)
  expect_ids(current, count)
  while current.count + count > current.buckets * IDS_PER_BUCKET do add_bucket(current) end
end

local function take_back(r, frames, stored)
  r.current.count = r.current.count + stored
  for k = 1, stored do
    remove_id(r.current, id_field_at(frames, batch.starts[batch.kept[k]]), r.last_seq + k)
  end
end

-- The frames of the kept events; when none was left out, the string as it came.
local function kept_frames(frames, stored, count)
  if stored == count then return frames end
  local parts, starts, kept = {}, batch.starts, batch.kept
  for k = 1, stored do parts[k] = sub(frames, starts[kept[k]], starts[kept[k] + 1] - 1) end
  return table.concat(parts)
end

local function report_appended(reply, first_seq, first_ts, stored, duplicates, expired)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = APPENDED, first_seq, first_ts, stored
  reply[n + 5], reply[n + 6] = duplicates and #duplicates or 0, expired and #expired or 0
  if duplicates then
    for _, each in ipairs(duplicates) do
      local origin, seq, ts = each[2], each[3], each[4]
      if origin == batch.origin and seq >= first_seq then ts = first_ts + seq - first_seq end
      report(reply, each[1], origin, seq, ts)
    end
  end
  if expired then
    for _, index in ipairs(expired) do report(reply, index) end
  end
end

-- The edge's time is believed within a second of ours; above all that was given, promised or handed back.
local function next_timestamp(r, group)
  local earliest, latest = group.now - EDGE_CLOCK_TOLERANCE, group.now + EDGE_CLOCK_TOLERANCE
  local believed = min(max(group.edge_ts, earliest), latest)
  return max(believed, r.last + 1, group.promised + 1, group.token_ts + 1)
end

-- Stores what is new of a group whose checks have passed. Answers whether there was any.
local function append_events(r, group, frames, count, id_times, reply)
  local window, lead, buckets = r.window, r.lead, r.current.buckets
  r.window, r.lead = group.window, group.lead
  local rotated = rotate_when_due(r, group.now)
  make_room(r.current, count)
  local sets = r.known ~= '' and live_sets(r, group.now) or NONE
  local stored, duplicates, expired =
    sort_out(r, sets, frames, count, id_times, group.now - (group.window - group.lead))

  if stored > 0 and r.current.count + stored > group.ids_max then
    take_back(r, frames, stored)
    report(reply, TOO_MANY_IDS)
    stored = 0
  else
    local first_ts = next_timestamp(r, group)
    report_appended(reply, r.last_seq + 1, first_ts, stored, duplicates, expired)
    if stored > 0 then
      add_entry(r, r.last_seq + 1, first_ts, kept_frames(frames, stored, count))
      r.last_seq, r.last = r.last_seq + stored, first_ts + stored - 1
      r.current.count = r.current.count + stored
    end
  end
  local is_cold = rotated or window ~= r.window or lead ~= r.lead
  if is_cold or stored > 0 then count_call() end
  if is_cold then
    unsaved[r.shardlet] = encode_replica(r)
  elseif stored > 0 or buckets ~= r.current.buckets then
    unsaved[r.shardlet] = encode_as_before(r)
  end
  return stored > 0
end

local function append_group(r, group, frames, id_times, reply)
  if not r or r.epoch ~= group.epoch or r.mode ~= OPEN then
    report(reply, STALE, r and r.epoch or 0, r and r.mode or 0)
    return false
  end
  local count, misplaced = inspect_frames(r, frames, batch.starts, batch.hashes)
  if misplaced then
    report(reply, OUTSIDE, misplaced)
    return false
  end
  local ahead = group.token_ts - (group.now + EDGE_CLOCK_TOLERANCE)
  if ahead > 0 then
    report(reply, AHEAD, ahead)
    return false
  end
  return append_events(r, group, frames, count, id_times, reply)
end

-- The shardlets of all groups and, with one command, what is stored of their replicas.
local function load_all(headers)
  local shardlets, keys = {}, {}
  for at = 1, #headers, GROUP_BYTES do
    local shardlet = int((unpack_struct('>d', headers, at)))
    shardlets[#shardlets + 1] = shardlet
    keys[#keys + 1] = REPLICA .. shardlet
  end
  local raws = {}
  each_chunk(keys, function(from, to)
    for i, raw in ipairs(call('MGET', unpack(keys, from, to))) do raws[from + i - 1] = raw end
  end)
  return shardlets, raws
end

local function save_all()
  local saves = {}
  for shardlet, raw in pairs(unsaved) do
    local n = #saves
    saves[n + 1], saves[n + 2] = REPLICA .. shardlet, raw
  end
  each_chunk(saves, function(from, to) call('MSET', unpack(saves, from, to)) end)
end

local function append(args)
  unsaved = {}
  local headers, group, reply, changed, next_arg = args[1], {}, {}, {}, 2
  group.now, group.promised, group.ids_max = clock_and_promise()
  local shardlets, raws = load_all(headers)
  for g, shardlet in ipairs(shardlets) do
    local timed
    batch.origin, group.epoch, group.edge_ts, group.token_ts, group.window, group.lead, timed =
      unpack_struct(GROUP, headers, (g - 1) * GROUP_BYTES + 1)
    local r = raws[g] and decode_replica(shardlet, raws[g], batch.replica)
    local id_times = timed == 1 and args[next_arg + 1] or nil
    if append_group(r, group, args[next_arg], id_times, reply) then changed[#changed + 1] = shardlet end
    next_arg = next_arg + 1 + timed
  end
  save_all()
  batch.entry = nil -- not to keep its frames in memory
  call_in_chunks('SADD', DIRTY, changed)
  return reply
end

register('append', append)
