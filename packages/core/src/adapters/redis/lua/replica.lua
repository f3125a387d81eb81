-- What the host remembers of one replica or tombstone: one packed string, so that reading or writing all of
-- it is a single short command, and an append reads those of all its groups with one MGET. What every append
-- changes comes first, so that the rest can be kept as it is.
--
--   hot   lastSeq, last, bytes ever stored (double), ids and buckets of the current id set (u32)
--   cold  epoch, mode, stream, range (from, to), firstSeq, bytes trimmed, window, lead, epoch at creation,
--         id store of the current set (0: none), its generation, when it was opened
--   rest  names of the closed id sets it refers to, newest first, each followed by a space

local HOT, HOT_BYTES = '>dddI4I4', 32
local COLD, COLD_BYTES = '>dBI4I4I4dI4ddddddI4d', 93

local OPEN, SEALED, SHADOW, READY, DROPPED = 1, 2, 3, 4, 5

local REPLICA = 'fs:r:'
local REPLICAS, TOMBSTONES = 'foreshard:replicas', 'foreshard:tombstones'
local DIRTY, CHANGES = 'foreshard:dirty', 'foreshard:changes'

-- Fills `r`, so that the hot path can use one table again and again.
local function decode_replica(shardlet, raw, r)
  local current = r.slot or {}
  r.shardlet, r.slot, r.raw = shardlet, current, raw
  r.last_seq, r.last, r.bytes_end, current.count, current.buckets = unpack_struct(HOT, raw)
  r.epoch, r.mode, r.stream, r.from_hi, r.from_lo, r.to_hi, r.to_lo, r.first_seq, r.bytes_start,
    r.window, r.lead, r.born, current.store, r.generation, r.opened =
    unpack_struct(COLD, raw, HOT_BYTES + 1)
  r.known = sub(raw, HOT_BYTES + COLD_BYTES + 1)
  r.current = current.store > 0 and current or nil
  return r
end

local function encode_hot(r)
  local current = r.slot
  return pack(HOT, r.last_seq, r.last, r.bytes_end, current.count, current.buckets)
end

local function encode_replica(r)
  return encode_hot(r) .. pack(COLD,
    r.epoch, r.mode, r.stream, r.from_hi, r.from_lo, r.to_hi, r.to_lo, r.first_seq, r.bytes_start,
    r.window, r.lead, r.born, r.current and r.current.store or 0, r.generation, r.opened) .. r.known
end

-- The same where only the hot part has changed since it was decoded.
local function encode_as_before(r)
  return encode_hot(r) .. sub(r.raw, HOT_BYTES + 1)
end

-- REQUIRES the shardlet as a decimal string, as in all functions of this library.
local function load_replica(shardlet)
  local raw = call('GET', REPLICA .. shardlet)
  return raw and decode_replica(shardlet, raw, {})
end

local function save_replica(r)
  call('SET', REPLICA .. r.shardlet, encode_replica(r))
end

local function mark_changed(shardlet)
  call('SADD', DIRTY, shardlet)
end

local function save_changed(r)
  save_replica(r)
  mark_changed(r.shardlet)
  count_call()
end

-- The refusal that tells what is there instead of what was asked for.
local function stale(r)
  if not r then return { 'stale', 0, 0 } end
  return { 'stale', r.epoch, r.mode }
end

-- The replica at exactly this epoch in one of the modes; else nil and the refusal.
local function replica_at(shardlet, epoch, ...)
  local r = load_replica(shardlet)
  if r and r.epoch == tonumber(epoch) then
    for _, mode in ipairs({ ... }) do
      if r.mode == mode then return r end
    end
  end
  return nil, stale(r)
end

local function new_replica(shardlet, epoch, mode, stream, from_hi, from_lo, to_hi, to_lo, window, lead)
  return {
    shardlet = shardlet, epoch = tonumber(epoch), mode = mode, stream = tonumber(stream or 0),
    from_hi = tonumber(from_hi or 0), from_lo = tonumber(from_lo or 0),
    to_hi = tonumber(to_hi or 0), to_lo = tonumber(to_lo or 0),
    window = tonumber(window or 0), lead = tonumber(lead or 0), born = tonumber(epoch),
    first_seq = 1, last_seq = 0, last = 0, bytes_start = 0, bytes_end = 0,
    generation = 0, opened = 0, known = '', slot = { count = 0, buckets = 1, store = 0 },
  }
end
