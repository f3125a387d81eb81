-- The life of an id set. A replica that takes events has one current set, kept in its own string
-- (replica.lua); closing makes it a set of its own, which never changes, is forgotten one window later, and
-- which any number of replicas may refer to:
--   fs:s:<name>   packed: store, origin, count, forgotten at, first bucket not freed (double), buckets (u32),
--                 complete (0 while its ids are still coming from another host)
--   fs:u:<name>   set of the shardlets whose replica refers to it. There is one replica of a shardlet on a
--                 host, so its epoch would add nothing; a set goes when the last reference does.
-- The name "<shardlet>.<epoch at creation>.<generation>" is never given twice; the store is a number of
-- this host, so ids of a set that comes again never meet leftovers of the old.

local ID_SET = '>dddddI4B'
local SETS, USERS = 'fs:s:', 'fs:u:'
local ID_SETS_BY_END = 'foreshard:idsets'

local function load_set(name)
  local raw = call('GET', SETS .. name)
  if not raw then return nil end
  local set = { name = name }
  set.store, set.origin, set.count, set.forget_at, set.freed_to, set.buckets, set.complete =
    unpack_struct(ID_SET, raw)
  return set
end

local function save_set(set)
  call('SET', SETS .. set.name, pack(ID_SET,
    set.store, set.origin, set.count, set.forget_at, set.freed_to, set.buckets, set.complete))
end

local function register_set(set)
  save_set(set)
  call('ZADD', ID_SETS_BY_END, set.forget_at, set.name)
end

local function unregister_set(set)
  call('DEL', SETS .. set.name)
  call('ZREM', ID_SETS_BY_END, set.name)
end

-- A time is over from its last microsecond on; a set is then forgotten wherever it is still kept.
local function is_forgotten(set, now)
  return set.forget_at <= now
end

local function known_names(r)
  return gmatch(r.known, '(%S+) ')
end

local function knows(r, name)
  for each in known_names(r) do
    if each == name then return true end
  end
  return false
end

local function refer_to(r, name)
  call('SADD', USERS .. name, r.shardlet)
  r.known = r.known .. name .. ' '
end

-- The closed sets in which `r` looks, newest first.
local function live_sets(r, now)
  local sets = {}
  for name in known_names(r) do
    local set = load_set(name)
    if set and not is_forgotten(set, now) then
      set.half = half_of(set.buckets)
      sets[#sets + 1] = set
    end
  end
  return sets
end

-- The set before tells how many buckets this one will need, so most sets never have to grow.
local function open_next_set(r, now)
  local current = r.slot
  current.store = new_store()
  current.buckets = max(1, math.ceil(current.count / IDS_PER_BUCKET))
  current.count = 0
  r.current, r.opened, r.generation = current, now, r.generation + 1
end

-- An empty set is not worth a reference.
local function close_current_set(r, now)
  local current = r.current
  r.current = nil
  if current.count == 0 then return end
  local set = {
    name = format('%s.%d.%d', r.shardlet, r.born, r.generation), origin = tonumber(r.shardlet),
    store = current.store, buckets = current.buckets, count = current.count,
    forget_at = now + r.window, freed_to = 0, complete = 1,
  }
  register_set(set)
  call('SADD', USERS .. set.name, r.shardlet)
  r.known = set.name .. ' ' .. r.known
end

-- Called before the events of an append are looked up, so no id stays current for longer than a window.
local function rotate_when_due(r, now)
  if now - r.opened < r.window then return false end
  close_current_set(r, now)
  open_next_set(r, now)
  return true
end

-- The replica refers to the set no more; the last one takes it along.
local function release_set(r, name)
  call('SREM', USERS .. name, r.shardlet)
  if call('EXISTS', USERS .. name) == 1 then return end
  local set = load_set(name)
  if not set then return end
  unregister_set(set)
  discard_store(set.store, set.buckets)
end

local function release_all_sets(r)
  for name in known_names(r) do release_set(r, name) end
  if r.current then discard_store(r.current.store, r.current.buckets) end
end

-- Who refers to a set that is freed need not look for it again. A shadow keeps the name: `ready` asks
-- whether the set was there, and its answer must not depend on when it was freed.
local function forget_name(name)
  for _, shardlet in ipairs(call('SMEMBERS', USERS .. name)) do
    local r = load_replica(shardlet)
    if r.mode ~= SHADOW then
      call('SREM', USERS .. name, shardlet)
      local kept = {}
      for each in known_names(r) do
        if each ~= name then kept[#kept + 1] = each .. ' ' end
      end
      r.known = table.concat(kept)
      save_replica(r)
    end
  end
end
