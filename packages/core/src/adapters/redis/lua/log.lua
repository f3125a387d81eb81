-- The log of a replica: a Redis stream with one entry per group as it came, id "<firstSeq>-<firstTs>". Record
-- k of an entry has seq firstSeq + k and ts firstTs + k. The fields are `o`, how many bytes were ever stored
-- before it, and `f`, the frames unchanged: an append costs one command and no copying however many events
-- it has. firstSeq and lastSeq of the replica are the truth: the first entry may be trimmed in part.

-- Entries read at once while walking: few at first, since who reads a little from large entries should not
-- have to load many; then more and more, since a command for every single event would be dear.
local PAGE_FIRST, PAGE_MAX = 2, 64

-- By stream: there are few, and formatting the number anew costs as much as a small command.
local prefixes = {}

local function log_key(r)
  local prefix = prefixes[r.stream]
  if not prefix then
    prefix = 'fs:l:' .. int(r.stream) .. ':'
    prefixes[r.stream] = prefix
  end
  return prefix .. r.shardlet
end

local function add_entry(r, first_seq, first_ts, frames)
  call('XADD', log_key(r), format('%d-%d', first_seq, first_ts), 'o', int(r.bytes_end), 'f', frames)
  r.bytes_end = r.bytes_end + #frames
end

local function read_entry(raw)
  local seq, ts = match(raw[1], '^(%d+)-(%d+)$')
  local fields = raw[2]
  return { id = raw[1], seq = tonumber(seq), ts = tonumber(ts), offset = tonumber(fields[2]), frames = fields[4] }
end

-- The entry that holds `seq`, with its frames cut apart. REQUIRES firstSeq <= seq <= lastSeq.
local function entry_with(r, seq)
  local entry = read_entry(call('XREVRANGE', log_key(r), int(seq), '-', 'COUNT', 1)[1])
  entry.starts = {}
  entry.count = cut_frames(entry.frames, entry.starts)
  return entry
end

-- Calls visit(entry) for the entries that hold any of from..to, in order, until it answers true.
local function each_entry(r, from, to, visit)
  from, to = max(from, r.first_seq), min(to, r.last_seq)
  if from > to then return end
  local key = log_key(r)
  local begin = call('XREVRANGE', key, int(from), '-', 'COUNT', 1)[1][1]
  local size = PAGE_FIRST
  while true do
    local page = call('XRANGE', key, begin, int(to), 'COUNT', size)
    for _, raw in ipairs(page) do
      if visit(read_entry(raw)) then return end
    end
    if #page < size then return end
    begin, size = '(' .. page[size][1], min(size * 2, PAGE_MAX)
  end
end

-- Calls visit(seq, ts, frames, from, to) for every record from..to that is there.
local function each_record(r, from, to, visit)
  from, to = max(from, r.first_seq), min(to, r.last_seq)
  local starts = {}
  each_entry(r, from, to, function(entry)
    local count = cut_frames(entry.frames, starts)
    for k = max(0, from - entry.seq), min(count - 1, to - entry.seq) do
      visit(entry.seq + k, entry.ts + k, entry.frames, starts[k + 1], starts[k + 2] - 1)
    end
  end)
end

-- The first seq whose ts is higher. Timestamps rise with seqs, so halving finds it.
local function seek_ts(r, ts)
  local low, high = r.first_seq, r.last_seq + 1 -- the answer is in low..high
  while low < high do
    local entry = entry_with(r, floor((low + high) / 2))
    local last_seq = min(entry.seq + entry.count - 1, r.last_seq)
    if entry.ts > ts then
      high = max(low, entry.seq)
    elseif entry.ts + (last_seq - entry.seq) <= ts then
      low = last_seq + 1
    else
      return max(low, entry.seq + (ts - entry.ts) + 1)
    end
  end
  return low
end

-- How many bytes were ever stored before a record. REQUIRES firstSeq <= seq <= lastSeq + 1.
local function bytes_before(r, seq)
  if seq > r.last_seq then return r.bytes_end end
  local entry = entry_with(r, seq)
  return entry.offset + entry.starts[seq - entry.seq + 1] - 1
end

-- copying.lua keeps there what it has summed of a shadow.
local function sum_key(r)
  return 'fs:d:' .. r.shardlet
end

local function forget_sum(r)
  call('DEL', sum_key(r))
end

local function drop_log(r)
  call('UNLINK', log_key(r))
  forget_sum(r)
end

-- Forgets the records below `seq`; beyond the end the log goes on from there.
local function cut_below(r, seq)
  if seq <= r.first_seq then return false end
  if seq > r.last_seq then
    drop_log(r)
    r.bytes_start, r.last_seq = r.bytes_end, seq - 1
  else
    local entry = entry_with(r, seq)
    call('XTRIM', log_key(r), 'MINID', entry.id)
    r.bytes_start = entry.offset + entry.starts[seq - entry.seq + 1] - 1
  end
  r.first_seq = seq
  return true
end

-- Removes the records above `seq`. REQUIRES firstSeq - 1 <= seq < lastSeq.
local function cut_above(r, seq)
  forget_sum(r)
  if seq < r.first_seq then
    drop_log(r)
    r.bytes_end, r.last_seq = r.bytes_start, seq
    return
  end
  local key, kept, doomed = log_key(r), entry_with(r, seq), {}
  each_entry(r, seq + 1, r.last_seq, function(entry)
    if entry.seq > seq then doomed[#doomed + 1] = entry.id end
  end)
  call_in_chunks('XDEL', key, doomed)
  local cut = kept.starts[seq - kept.seq + 2] - 1
  if cut < #kept.frames then
    call('XDEL', key, kept.id)
    call('XSETID', key, format('%d-%d', kept.seq, kept.ts - 1))
    r.bytes_end = kept.offset
    add_entry(r, kept.seq, kept.ts, sub(kept.frames, 1, cut))
  else
    call('XSETID', key, kept.id)
    r.bytes_end = kept.offset + cut
  end
  r.last_seq = seq
end
