-- The host itself: its clock, what it promised to readers, and its counters.
--
-- Keys. Few, for the whole host:
--   foreshard:host        hash: id, hostLast, createFloor, changes, stores; clock and idsPerSetMax in tests only
--   foreshard:replicas    zset of every replica and tombstone by shardlet id
--   foreshard:tombstones  zset of the tombstones by epoch
--   foreshard:dirty       set of the shardlets that changed since the last frontier
--   foreshard:changes     zset of shardlets by the frontier count at which they changed last
--   foreshard:idsets      zset of the closed id sets by the time at which they are forgotten
--   foreshard:idgarbage   list of the id stores that nothing refers to any more
-- Many, so their names are short:
--   fs:r:<shardlet>           replica.lua    fs:l:<stream>:<shardlet>  log.lua
--   fs:s:<id set>, fs:u:<id set>, fs:b<store><bucket>                  id-sets.lua, id-buckets.lua
--   fs:d:<shardlet>           copying.lua, while it is a shadow
--
-- All numbers are integers below 2^53. Lua's own conversion keeps 14 digits only, hence int().

local call, format, sub, gsub, gmatch, match, pack, unpack_struct, min, max, floor

-- While a library loads, nothing of Lua's own libraries is there but the language itself.
local function begin()
  call = redis.call
  format, sub, gsub, gmatch, match = string.format, string.sub, string.gsub, string.gmatch, string.match
  pack, unpack_struct = struct.pack, struct.unpack
  min, max, floor = math.min, math.max, math.floor
end

-- Names of functions are global in Redis, so they carry the name of the library.
local function register(name, body, flag)
  local function callback(_, args)
    if not call then begin() end
    return body(args)
  end
  redis.register_function{ function_name = LIBRARY .. '_' .. name, callback = callback, flags = { flag } }
end

local HOST = 'foreshard:host'

local function int(number)
  return format('%d', number)
end

-- Answers the time, hostLast (the highest timestamp promised to readers) and the cap of ids per set.
local function clock_and_promise()
  local host = call('HMGET', HOST, 'clock', 'hostLast', 'idsPerSetMax')
  local now, promised, ids_max = host[1], tonumber(host[2] or 0), tonumber(host[3] or IDS_PER_SET_MAX)
  if now then return tonumber(now), promised, ids_max end
  local time = call('TIME')
  return time[1] * 1000000 + time[2], promised, ids_max
end

local function create_floor()
  return tonumber(call('HGET', HOST, 'createFloor') or 0)
end

-- Lua's unpack() fits some thousand values on its stack. Even, so that pairs stay together.
local CHUNK = 2000

-- Calls act(from, to) for the parts of a list.
local function each_chunk(list, act)
  for from = 1, #list, CHUNK do act(from, min(from + CHUNK - 1, #list)) end
end

-- One command over any number of arguments.
local function call_in_chunks(command, key, arguments)
  each_chunk(arguments, function(from, to) call(command, key, unpack(arguments, from, to)) end)
end

-- Adds values to a flat reply.
local function report(reply, ...)
  local n = #reply
  for i = 1, select('#', ...) do reply[n + i] = select(i, ...) end
end
