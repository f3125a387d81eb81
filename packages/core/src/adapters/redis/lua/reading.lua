-- Looking at records: read, seek and their bytes. None changes anything.

local READABLE = { [OPEN] = true, [SEALED] = true, [READY] = true }

-- Adds the records k = from..to of an entry to the reply, as one run.
local function add_run(reply, entry, from, to, starts)
  local n, frames = #reply, entry.frames
  -- a copy of a long string costs Lua a look at each of its bytes
  if from > 0 or starts[to + 2] <= #frames then frames = sub(frames, starts[from + 1], starts[to + 2] - 1) end
  reply[n + 1], reply[n + 2], reply[n + 3] = entry.seq + from, entry.ts + from, frames
  return #frames
end

-- The records of one key, as runs of neighbours. Answers their bytes.
local function add_matching(reply, entry, from, to, starts, key_hash)
  local bytes, run_from = 0, nil
  for k = from, to + 1 do
    local matches = k <= to and unpack_struct('>I4', entry.frames, starts[k + 1] + 4) == key_hash
    if matches then
      run_from = run_from or k
    elseif run_from then
      bytes = bytes + add_run(reply, entry, run_from, k - 1, starts)
      run_from = nil
    end
  end
  return bytes
end

-- Adds runs (first seq, first ts, frames) until `to` is passed or they have `max_bytes`. The runs go to the
-- end of their entry; the client cuts the last one. Answers the last seq looked at.
local function add_records(reply, r, from, to, max_bytes, key_hash)
  local bytes, starts, seen = 0, {}, from - 1
  each_entry(r, from, to, function(entry)
    local count = cut_frames(entry.frames, starts)
    local first, last = max(0, from - entry.seq), min(count - 1, to - entry.seq)
    if key_hash then
      bytes = bytes + add_matching(reply, entry, first, last, starts, key_hash)
    else
      bytes = bytes + add_run(reply, entry, first, last, starts)
    end
    seen = entry.seq + last
    return bytes >= max_bytes
  end)
  return seen
end

-- Arguments: shardlet, first seq, lowest epoch, most records, most bytes, key hash or ''.
local function read(args)
  local _, promised = clock_and_promise()
  local r = load_replica(args[1])
  if not r or not READABLE[r.mode] or r.epoch < tonumber(args[3]) then return stale(r) end
  local from = tonumber(args[2])
  if from < r.first_seq then return { 'gone', r.first_seq } end
  local last = r.mode == OPEN and max(r.last, promised) or r.last
  local reply = { 'records', r.epoch, r.mode, r.last_seq, last, 0 }
  reply[6] = add_records(reply, r, from, min(r.last_seq, from + tonumber(args[4]) - 1), tonumber(args[5]), tonumber(args[6]))
  return reply
end

-- Arguments: shardlet, ts.
local function seek(args)
  local r = load_replica(args[1])
  if not r or not READABLE[r.mode] then return stale(r) end
  return { 'seq', seek_ts(r, tonumber(args[2])) }
end

-- Arguments: shardlet, first seq, last seq. Two looks at the log, however much lies between.
local function bytes_in(args)
  local r = load_replica(args[1])
  if not r or not READABLE[r.mode] then return stale(r) end
  local from, to = tonumber(args[2]), min(tonumber(args[3]), r.last_seq)
  if from < r.first_seq then return { 'gone', r.first_seq } end
  if from > to then return { 'bytes', 0 } end
  return { 'bytes', bytes_before(r, to + 1) - bytes_before(r, from) }
end

register('read', read, 'allow-oom')
register('seek', seek, 'allow-oom')
register('bytes_in', bytes_in, 'allow-oom')
