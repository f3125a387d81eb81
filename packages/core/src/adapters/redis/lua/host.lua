-- The host itself: its clock, what it promised to readers, its counters, and the proof that it has not gone
-- back to an older state: every reply is { generation, count of the calls that changed something, by how
-- much this call raised it, reply } (hosts/progress.ts). The count rises in the same step as the change.
--
-- No function is registered as `no-writes`, not even one that only reads: so a host that was made a replica
-- refuses every call by itself, whoever still holds a connection to it.
--
-- Keys. Few, for the whole host:
--   foreshard:host        hash: id, hostLast, createFloor, changes, stores; n (count), g (generation: none is 0),
--                         mark, markPromise (hostLast when it was set); clock and idsPerSetMax in tests only
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

local HOST = 'foreshard:host'

-- Of the call that runs: `generation` (nil until it was read) and `count` of the host, `own`: by how much the
-- call raised it, and `uncounted`: did it change anything that is not in the count yet?
local progress = {}

local function int(number)
  return format('%d', number)
end

-- Fields of the host and, with the same command, its progress.
local function host_fields(...)
  local fields = call('HMGET', HOST, 'g', 'n', ...)
  progress.generation, progress.count = tonumber(fields[1] or 0), tonumber(fields[2] or 0)
  return unpack(fields, 3)
end

-- To be called by whatever changes something; a repeat that changes nothing must not.
local function count_call()
  progress.uncounted = true
end

-- Changes fields of the host, the count among them. REQUIRES that the call has read some.
local function set_host(...)
  progress.count, progress.own = progress.count + 1, 1
  call('HSET', HOST, 'n', int(progress.count), ...)
end

-- Names of functions are global in Redis, so they carry the name of the library.
local function register(name, body, flag)
  local function callback(_, args)
    if not call then begin() end
    progress.uncounted, progress.generation, progress.own = false, nil, 0
    local reply = body(args)
    if not progress.generation then host_fields() end
    if progress.uncounted then progress.count, progress.own = call('HINCRBY', HOST, 'n', 1), 1 end
    return { progress.generation, progress.count, progress.own, reply }
  end
  redis.register_function{ function_name = LIBRARY .. '_' .. name, callback = callback, flags = { flag } }
end

-- Answers the time, hostLast (the highest timestamp promised to readers) and the cap of ids per set.
local function clock_and_promise()
  local now, promised, ids_max = host_fields('clock', 'hostLast', 'idsPerSetMax')
  promised, ids_max = tonumber(promised or 0), tonumber(ids_max or IDS_PER_SET_MAX)
  if now then return tonumber(now), promised, ids_max end
  local time = call('TIME')
  return time[1] * 1000000 + time[2], promised, ids_max
end

local function create_floor()
  local create_floor = host_fields('createFloor')
  return tonumber(create_floor or 0)
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
