-- Where the events of concatenated frames are (hosts/record.ts tells the layout of a frame).

local FRAME_HEADER = 32

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

-- The same in one pass for an append, which asks two things more of every frame: the bits that choose the
-- bucket of its id, and whether its position is in the range of `r`. Answers the count and the index (from 0)
-- of the first frame outside the range.
local function inspect_frames(r, frames, starts, hashes)
  local from_hi, from_lo, to_hi, to_lo = r.from_hi, r.from_lo, r.to_hi, r.to_lo
  local at, count, bytes, outside = 1, 0, #frames, nil
  while at <= bytes do
    count = count + 1
    starts[count] = at
    local length, hi, lo, hash = unpack_struct('>I4I4I4I4', frames, at)
    if hi < from_hi or hi > to_hi or (hi == from_hi and lo < from_lo) or (hi == to_hi and lo >= to_lo) then
      outside = outside or count - 1
    end
    hashes[count] = hash
    at = at + FRAME_HEADER + length
  end
  starts[count + 1] = at
  return count, outside
end

-- The 20 bytes that two frames share exactly when they are the same event.
local function identity_at(frames, start)
  return sub(frames, start + 4, start + 23)
end

-- The part of the identity that id sets keep.
local function id_field_at(frames, start)
  return sub(frames, start + ID_FIELD_FROM, start + ID_FIELD_TO - 1)
end

-- The bits that choose the bucket of an id: its first four bytes (frame bytes [12, 16), see inspect_frames).
local function id_hash(field)
  return (unpack_struct('>I4', field))
end
