-- Records of Idempotency-Keys that all edges share.
--
-- Guarantees: of several edges one gets a claim; what was answered first stays; the bytes of all records are
-- within a bound, the oldest answer going first; a record is not found after its time.
--
-- KEYS: records (hash: scope -> "<fingerprint> <until ms> <answer>", no answer: in flight), ends (sorted set:
--       scope -> until ms), bytes (of all records)
-- ARGV: what, scope, fingerprint, bytes at most, ms a claim lasts, ms an answer lasts, answer
local records, ends, bytes = KEYS[1], KEYS[2], KEYS[3]
local what, scope, fingerprint = ARGV[1], ARGV[2], ARGV[3]
local bytes_max, claim_ms, answer_ms, answer = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
-- what a record takes beside its own length, roughly
local RECORD_BYTES = 300
-- so many old records are dropped at most in one call: a call is short
local DROPS_MAX = 200

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function drop(which)
  local length = redis.call('HSTRLEN', records, which)
  redis.call('HDEL', records, which)
  redis.call('ZREM', ends, which)
  if length > 0 then redis.call('DECRBY', bytes, length + RECORD_BYTES) end
end

local function put(until_ms, text)
  drop(scope)
  local value = fingerprint .. ' ' .. string.format('%.0f', until_ms) .. ' ' .. text
  redis.call('HSET', records, scope, value)
  redis.call('ZADD', ends, until_ms, scope)
  redis.call('INCRBY', bytes, #value + RECORD_BYTES)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, answer_ms) end
end

local function make_room()
  for _, which in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, DROPS_MAX)) do drop(which) end
  for _ = 1, DROPS_MAX do
    if tonumber(redis.call('GET', bytes) or '0') <= bytes_max then return end
    -- what is in flight ends sooner than any answer
    local oldest = redis.call('ZRANGEBYSCORE', ends, '(' .. string.format('%.0f', now + claim_ms), '+inf', 'LIMIT', 0, 1)
    if #oldest == 0 then return end
    drop(oldest[1])
  end
end

local known = redis.call('HGET', records, scope)
local known_fingerprint, known_until, known_answer
if known then
  known_fingerprint, known_until, known_answer = string.match(known, '^(%S+) (%d+) (.*)$')
  if tonumber(known_until) <= now then known = false end
end
local is_ours = known and known_fingerprint == fingerprint and known_answer == ''

if what == 'claim' then
  if known then return { known_fingerprint, known_answer } end
  put(now + claim_ms, '')
  make_room()
elseif what == 'settle' then
  if not known or is_ours then put(now + answer_ms, answer) end
  make_room()
elseif is_ours then
  drop(scope)
end
return false
