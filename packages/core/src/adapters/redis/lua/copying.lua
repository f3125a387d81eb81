-- How a shadow becomes a faithful copy: records and id sets come in, wrong ones go out, and `ready`
-- compares it with what the sealed source has. After that none of these has an effect.

-- Runs of records, three arguments each: first seq, first ts, frames. Takes all or, with a gap or a
-- conflict, none.
local function runs_of(args, from)
  local runs = {}
  for i = from, #args, 3 do
    local run = { seq = tonumber(args[i]), ts = tonumber(args[i + 1]), frames = args[i + 2], starts = {} }
    run.count = cut_frames(run.frames, run.starts)
    runs[#runs + 1] = run
  end
  return runs
end

local function frame_of(run, seq)
  local k = seq - run.seq + 1
  return sub(run.frames, run.starts[k], run.starts[k + 1] - 1)
end

-- The first seq that the shadow holds with other content. What was trimmed cannot be compared.
local function first_conflict(r, run)
  local conflict
  each_record(r, run.seq, run.seq + run.count - 1, function(seq, ts, frames, from, to)
    if conflict then return end
    if ts ~= run.ts + (seq - run.seq) or sub(frames, from, to) ~= frame_of(run, seq) then conflict = seq end
  end)
  return conflict
end

-- The ids of the records from index `from` on; room is made first, so that buckets stay while they go in.
local function add_ids_of(set, run, from)
  make_room(set, run.count - from)
  local frames, starts, store, buckets = run.frames, run.starts, set.store, set.buckets
  local half, added = half_of(buckets), 0
  for k = from, run.count - 1 do
    local field = id_field_at(frames, starts[k + 1])
    added = added + put_id(bucket_key(store, bucket_of(id_hash(field), buckets, half)), field, run.seq + k)
  end
  set.count = set.count + added
end

-- Stores the records of a run that are new. The ids of young records travel with them; older ones are past
-- every retry within the window. What follows a young record is young as well, so with the first one it is
-- known how many ids will come up to the seq `end_seq`.
local function take_run(r, run, young, end_seq)
  local first = r.last_seq + 1
  local skipped = first - run.seq
  if skipped >= run.count then return false end
  local frames = skipped == 0 and run.frames or sub(run.frames, run.starts[skipped + 1])
  add_entry(r, first, run.ts + skipped, frames)
  r.last_seq = run.seq + run.count - 1
  local from = max(skipped, young - run.ts + 1)
  if from >= run.count then return true end
  expect_ids(r.current, end_seq - run.seq - from + 1)
  add_ids_of(r.current, run, from)
  return true
end

-- Arguments: shardlet, epoch, how many records will follow, runs.
local function ingest(args)
  local now = clock_and_promise()
  local r, refused = replica_at(args[1], args[2], SHADOW)
  if not r then return refused end
  local runs = runs_of(args, 4)
  if runs[1] and runs[1].seq > r.last_seq + 1 then return { 'gap', r.last_seq } end
  for _, run in ipairs(runs) do
    local conflict = first_conflict(r, run)
    if conflict then return { 'conflict', conflict } end
  end
  local changed, last = false, runs[#runs]
  local end_seq = last and last.seq + last.count - 1 + tonumber(args[3])
  for _, run in ipairs(runs) do changed = take_run(r, run, now - r.window - r.lead, end_seq) or changed end
  if changed then save_changed(r) end
  return { 'ingested', r.last_seq }
end

local function begin_set(r, name, forget_at)
  local set = {
    name = name, origin = tonumber(match(name, '^%d+')), store = new_store(), buckets = 1, count = 0,
    forget_at = forget_at, freed_to = 0, complete = 0,
  }
  register_set(set)
  return set
end

-- A chunk of a closed set of the source. Time travels as time left, since the clocks of two hosts differ;
-- the first chunk fixes it. A set that is here and complete stays as it is; a forgotten one begins anew.
-- Arguments: shardlet, epoch, set, time left, whether this is the last chunk, then pairs of field and seq.
local function ingest_ids(args)
  local now = clock_and_promise()
  local r, refused = replica_at(args[1], args[2], SHADOW)
  if not r then return refused end
  local name = args[3]
  local set = load_set(name)
  if set and is_forgotten(set, now) then
    discard_store(set.store, set.buckets)
    set = nil
  end
  local had = set and set.count
  set = set or begin_set(r, name, now + tonumber(args[4]))
  if set.complete == 0 then
    for i = 6, #args, 2 do add_id(set, args[i], tonumber(args[i + 1])) end
    set.complete = tonumber(args[5])
    if set.count ~= had or set.complete == 1 then count_call() end
    save_set(set)
  end
  if not knows(r, name) then
    refer_to(r, name)
    save_replica(r)
    count_call()
  end
  return { 'ingested' }
end

-- Never below firstSeq - 1: what was trimmed was trimmed at the source as well.
local function truncate(args)
  local r, refused = replica_at(args[1], args[2], SHADOW)
  if not r then return refused end
  local keep_to = max(tonumber(args[3]), r.first_seq - 1)
  if keep_to < r.last_seq then
    each_record(r, keep_to + 1, r.last_seq, function(seq, _, frames, from)
      remove_id(r.current, id_field_at(frames, from), seq)
    end)
    cut_above(r, keep_to)
    save_changed(r)
  end
  return { 'done', r.last_seq }
end

-- hosts/digest.ts; every term stays below 2^53, where % is exact.
local function digest_of(r, from, to)
  local count, sum1, sum2 = 0, 0, 0
  each_record(r, from, to, function(seq, ts, frames, at)
    local a, b = unpack_struct('>I4I4', frames, at + 24)
    count = count + 1
    sum1 = (sum1 + ((a + ts) % DIGEST_PRIME_1) * (seq % DIGEST_PRIME_1 + 1) % DIGEST_PRIME_1) % DIGEST_PRIME_1
    sum2 = (sum2 + ((b + ts) % DIGEST_PRIME_2) * (seq % DIGEST_PRIME_2 + 1) % DIGEST_PRIME_2) % DIGEST_PRIME_2
  end)
  return count, sum1, sum2
end

-- What was summed of a shadow from its first record on, since `ready` must not sum everything anew while
-- edges wait. Its records change by `truncate` only, which forgets the sum, as does whatever drops the log.
local SUM = '>dddddd'

local function load_sum(r, from)
  local raw = call('GET', sum_key(r))
  if not raw then return nil end
  local epoch, first, to, count, sum1, sum2 = unpack_struct(SUM, raw)
  if epoch ~= r.epoch or first ~= from or to > r.last_seq then return nil end
  return to, count, sum1, sum2
end

local function keep_sum(r, from, to, count, sum1, sum2)
  if count ~= to - from + 1 then return end
  if from > r.first_seq then
    local before, counted, before1, before2 = load_sum(r, r.first_seq)
    if before ~= from - 1 then return end
    count = count + counted
    sum1, sum2 = (sum1 + before1) % DIGEST_PRIME_1, (sum2 + before2) % DIGEST_PRIME_2
  end
  call('SET', sum_key(r), pack(SUM, r.epoch, r.first_seq, to, count, sum1, sum2))
end

-- The digest from `from` to the end, with what was summed before.
local function digest_from(r, from)
  local to, count, sum1, sum2 = load_sum(r, from)
  if not to then return digest_of(r, from, r.last_seq) end
  local count_more, more1, more2 = digest_of(r, to + 1, r.last_seq)
  return count + count_more, (sum1 + more1) % DIGEST_PRIME_1, (sum2 + more2) % DIGEST_PRIME_2
end

local function digest(args)
  local r, refused = replica_at(args[1], args[2], SHADOW, READY, OPEN, SEALED)
  if not r then return refused end
  local from, to = tonumber(args[3]), tonumber(args[4])
  local count, sum1, sum2 = digest_of(r, from, to)
  if r.mode == SHADOW then keep_sum(r, from, to, count, sum1, sum2) end
  return { 'digest', count, sum1, sum2 }
end

-- Records that a migration may still have to carry as ids are spared: the ones younger than window + lead. A
-- shadow only follows its source, which spared them; it may even be trimmed past its end.
local function trim(args)
  local now = clock_and_promise()
  local r, refused = replica_at(args[1], args[2], OPEN, SEALED, READY, SHADOW)
  if not r then return refused end
  local up_to = tonumber(args[3])
  if r.mode ~= SHADOW then up_to = min(up_to, seek_ts(r, now - r.window - r.lead)) end
  if cut_below(r, up_to) then save_changed(r) end
  return { 'trimmed', r.first_seq }
end

-- A set whose time ended after it began to come in is not missed.
local function has_id_set(r, name, now)
  if not knows(r, name) then return false end
  local set = load_set(name)
  return not set or set.complete == 1 or is_forgotten(set, now)
end

-- A ready replica refers to sets that are here only.
local function keep_sets_that_are_here(r)
  local kept = {}
  for name in known_names(r) do
    if load_set(name) then kept[#kept + 1] = name .. ' ' else release_set(r, name) end
  end
  r.known = table.concat(kept)
end

-- Arguments: shardlet, epoch, firstSeq, finalSeq, digest (count, two sums), last, names of id sets.
local function ready(args)
  local now, promised = clock_and_promise()
  local r, refused = replica_at(args[1], args[2], SHADOW, READY)
  if not r then return refused end
  if r.mode == READY then return { 'ready' } end
  local first_seq, final_seq = tonumber(args[3]), tonumber(args[4])
  if r.last_seq ~= final_seq then return { 'refused', 'lastSeq' } end
  if r.first_seq > first_seq or first_seq > final_seq + 1 then return { 'refused', 'firstSeq' } end
  local count, sum1, sum2 = digest_from(r, first_seq)
  if count ~= tonumber(args[5]) or sum1 ~= tonumber(args[6]) or sum2 ~= tonumber(args[7]) then
    return { 'refused', 'digest' }
  end
  for i = 9, #args do
    if not has_id_set(r, args[i], now) then return { 'refused', 'idSets' } end
  end
  r.mode, r.last = READY, max(tonumber(args[8]), promised)
  keep_sets_that_are_here(r)
  cut_below(r, first_seq)
  forget_sum(r)
  save_changed(r)
  return { 'ready' }
end

register('ingest', ingest)
register('ingest_ids', ingest_ids)
register('truncate', truncate, 'allow-oom')
register('trim', trim, 'allow-oom')
register('ready', ready, 'allow-oom')
register('digest', digest, 'allow-oom')
