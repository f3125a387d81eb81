-- Where ids are kept: hashes of some dozen fields that stay listpacks, so that an id costs 18 bytes (measured
-- at 100,000 ids, all overhead included) instead of 109. A field is the 7 bytes of ID_FIELD, its value the seq in decimal; where two events share
-- the 7 bytes, their seqs separated by commas, oldest first.
--
-- The buckets of one set are addressed by linear hashing (Litwin, 1980): a set grows by one bucket at a
-- time, so no insertion ever has to move more than one bucket. Functions here take a set as a table with
-- store (a number never given twice), buckets and count.

-- More ids in a bucket cost time, since a listpack is searched from its start; fewer cost memory.
-- Linear hashing fills a bucket to twice the average at most, far below hash-max-listpack-entries (128).
local IDS_PER_BUCKET = 32

local ID_GARBAGE = 'foreshard:idgarbage'
-- Buckets freed at once when a set goes; the rest goes with forgetIds, so that no call blocks the host long.
local BUCKETS_FREED_AT_ONCE = 1000

local function bucket_key(store, bucket)
  return pack('>c4I6I4', 'fs:b', store, bucket)
end

-- The largest power of two that is not above the number of buckets.
local function half_of(buckets)
  local _, exponent = math.frexp(buckets)
  return math.ldexp(1, exponent - 1)
end

local function bucket_of(hash, buckets, half)
  local bucket = hash % (half * 2)
  return bucket < buckets and bucket or bucket - half
end

local function key_of_id(set, field)
  return bucket_key(set.store, bucket_of(id_hash(field), set.buckets, half_of(set.buckets)))
end

local function new_store()
  return call('HINCRBY', HOST, 'stores', 1)
end

-- Moves what belongs there from one bucket to the next new one.
local function add_bucket(set)
  local half, added = half_of(set.buckets), set.buckets
  local from, moved, moved_fields = bucket_key(set.store, added - half), {}, {}
  local held = call('HGETALL', from)
  for i = 1, #held, 2 do
    if id_hash(held[i]) % (half * 2) == added then
      moved_fields[#moved_fields + 1] = held[i]
      moved[#moved + 1] = held[i]
      moved[#moved + 1] = held[i + 1]
    end
  end
  set.buckets = added + 1
  if #moved == 0 then return end
  call('HSET', bucket_key(set.store, added), unpack(moved))
  call('HDEL', from, unpack(moved_fields))
end

-- Buckets for so many ids, while there is none: moving ids when a set grows costs as much as putting them in. An
-- empty bucket is no key.
local function expect_ids(set, count)
  if set.count > 0 then return end
  set.buckets = max(set.buckets, math.ceil(min(count, IDS_PER_SET_MAX) / IDS_PER_BUCKET))
end

local function grow(set)
  while set.count > set.buckets * IDS_PER_BUCKET do add_bucket(set) end
end

-- Calls visit(seq) for the seqs of a value, newest first, until it answers something; answers that.
local function each_seq(value, visit)
  if not value then return end
  local single = tonumber(value)
  if single then return visit(single) end
  local seqs = {}
  for seq in gmatch(value, '%d+') do table.insert(seqs, 1, tonumber(seq)) end
  for _, seq in ipairs(seqs) do
    local found = visit(seq)
    if found then return found end
  end
end

local function has_seq(value, seq)
  return each_seq(value, function(held) return held == seq end)
end

-- The value with one seq more, oldest first.
local function with_seq(value, seq)
  local seqs = { seq }
  each_seq(value, function(held) seqs[#seqs + 1] = held end)
  table.sort(seqs)
  for i, each in ipairs(seqs) do seqs[i] = int(each) end
  return table.concat(seqs, ',')
end

-- Puts an id into its bucket; one that is there already stays as it is. Answers how many that makes more.
local function put_id(key, field, seq)
  if call('HSETNX', key, field, int(seq)) == 1 then return 1 end
  local value = call('HGET', key, field)
  if has_seq(value, seq) then return 0 end
  call('HSET', key, field, with_seq(value, seq))
  return 1
end

local function add_id(set, field, seq)
  set.count = set.count + put_id(key_of_id(set, field), field, seq)
  grow(set)
end

local function remove_id(set, field, seq)
  local key = key_of_id(set, field)
  local value = call('HGET', key, field)
  if not has_seq(value, seq) then return end
  local left = {}
  each_seq(value, function(held)
    if held ~= seq then table.insert(left, 1, int(held)) end
  end)
  if #left == 0 then
    call('HDEL', key, field)
  else
    call('HSET', key, field, table.concat(left, ','))
  end
  set.count = set.count - 1
end

-- Forgets whole buckets from `from` on, and at most `limit` ids. Answers the first bucket that still holds
-- any, and how many ids went.
local function free_buckets(store, from, buckets, limit)
  local freed, past = 0, min(buckets, from + BUCKETS_FREED_AT_ONCE)
  for bucket = from, past - 1 do
    local key = bucket_key(store, bucket)
    local held, doomed = call('HGETALL', key), {}
    for i = 1, #held, 2 do
      local ids = select(2, gsub(held[i + 1], ',', ',')) + 1
      if freed + ids > limit then break end
      freed = freed + ids
      doomed[#doomed + 1] = held[i]
    end
    call_in_chunks('HDEL', key, doomed)
    if #doomed * 2 < #held then return bucket, freed end
  end
  return past, freed
end

-- Frees a store of which nothing knows any more: at once as far as one call may, the rest with forgetIds.
local function discard_store(store, buckets)
  local past, keys = min(buckets, BUCKETS_FREED_AT_ONCE), {}
  for bucket = 0, past - 1 do keys[bucket + 1] = bucket_key(store, bucket) end
  call('UNLINK', unpack(keys))
  if past < buckets then
    call('RPUSH', ID_GARBAGE, format('%d %d %d', store, past, buckets))
  end
end
