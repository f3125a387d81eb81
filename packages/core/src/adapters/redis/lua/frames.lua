-- Where the events of concatenated frames are (hosts/record.ts tells the layout of a frame).

local FRAME_HEADER = 32

local function outside(r, hi, lo)
  return hi < r.from_hi or (hi == r.from_hi and lo < r.from_lo)
    or hi > r.to_hi or (hi == r.to_hi and lo >= r.to_lo)
end

-- Fills starts[1..count + 1] with the places (from 1) where frames begin, the last one past the end.
-- Answers the count.
local function cut_frames(frames, starts)
  local at, count, bytes = 1, 0, #frames
  while at <= bytes do
    count = count + 1
    starts[count] = at
    at = at + FRAME_HEADER + unpack_struct('>I4', frames, at)
  end
  starts[count + 1] = at
  return count
end

-- The 20 bytes that two frames share exactly when they are the same event.
local function identity_at(frames, start)
  return sub(frames, start + 4, start + 23)
end

-- The part of the identity that id sets keep.
local function id_field_at(frames, start)
  return sub(frames, start + ID_FIELD_FROM, start + ID_FIELD_TO - 1)
end

-- The bits that choose the bucket of an id: its first four bytes.
local function id_hash(field)
  return (unpack_struct('>I4', field))
end
