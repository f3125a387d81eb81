-- What a host keeps, in a schema of its own. Every access is through the functions v<N>_*, which are
-- named with a version: functions of two versions live side by side during an upgrade, the tables stay.

CREATE SCHEMA foreshard;

-- Which functions are installed, and from which text.
CREATE TABLE foreshard.installation (
  version int PRIMARY KEY,
  sha256 text NOT NULL
);

CREATE TABLE foreshard.host (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  host_id bigint,
  -- no record gets a timestamp at or below this any more
  host_last bigint NOT NULL DEFAULT 0,
  -- nothing is created at an epoch below this
  create_floor bigint NOT NULL DEFAULT 0,
  -- in microseconds; only tests set it, else the engine's clock counts
  clock bigint
);
INSERT INTO foreshard.host DEFAULT VALUES;

-- Counts changes of replicas. A number is drawn under the shared host lock and the frontier takes it
-- exclusively, so whatever the frontier sees drawn is committed.
CREATE SEQUENCE foreshard.change;

-- A replica or (mode dropped) its tombstone. Updated by every append, hence the room left for that on
-- every page, and no index on what an append changes.
CREATE TABLE foreshard.replica (
  shardlet bigint PRIMARY KEY,
  epoch bigint NOT NULL,
  mode text NOT NULL CHECK (mode IN ('open', 'sealed', 'shadow', 'ready', 'dropped')),
  change bigint NOT NULL,
  -- the epoch at creation, for the names of id sets
  born_at bigint NOT NULL,
  stream bigint NOT NULL DEFAULT 0,
  from_hi bigint NOT NULL DEFAULT 0,
  from_lo bigint NOT NULL DEFAULT 0,
  to_hi bigint NOT NULL DEFAULT 0,
  to_lo bigint NOT NULL DEFAULT 0,
  window_micros bigint NOT NULL DEFAULT 0,
  lead_micros bigint NOT NULL DEFAULT 0,
  first_seq bigint NOT NULL DEFAULT 1,
  last_seq bigint NOT NULL DEFAULT 0,
  -- highest timestamp given or promised; 0 on a shadow until `ready` tells it
  last_ts bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  generation int NOT NULL DEFAULT 0,
  -- null while sealed
  current_set bigint,
  current_count bigint NOT NULL DEFAULT 0,
  set_opened_at bigint NOT NULL DEFAULT 0,
  -- closed sets it refers to, own and inherited, newest first
  known_sets bigint[] NOT NULL DEFAULT '{}',
  -- false: every id it knows is with one of its own records, so the index record_id knows them all
  looks_elsewhere boolean NOT NULL DEFAULT false,
  CHECK (first_seq <= last_seq + 1)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX replica_known_sets ON foreshard.replica USING gin (known_sets);

-- The log. A record carries its id for the set it went into: a row and an index entry of its own for each
-- id would make an append half as fast. The index is unique, so storing an event is at the same time the
-- look-up of its id among all generations of its own shardlet; entries of forgotten sets stay in it until
-- their records go or the id comes again. An id that finds its place taken is kept in foreshard.id.
-- The headers of frames are read without their payloads, so large frames are kept apart uncompressed.
CREATE TABLE foreshard.record (
  shardlet bigint NOT NULL,
  seq bigint NOT NULL,
  ts bigint NOT NULL,
  -- null when the id is in no set any more, never was (a copied record that was too old), or is kept aside
  set_id bigint,
  -- 7 bytes of the identity (ID_FIELD)
  field bigint NOT NULL,
  frame bytea NOT NULL,
  PRIMARY KEY (shardlet, seq)
);
CREATE UNIQUE INDEX record_id ON foreshard.record (shardlet, field) WHERE set_id IS NOT NULL;
ALTER TABLE foreshard.record ALTER COLUMN frame SET STORAGE EXTERNAL;

-- An id set. The count of a current set is kept with its replica.
CREATE TABLE foreshard.id_set (
  set_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- "<shardlet>.<epoch at creation>.<generation>"; null when nobody refers to it any more
  name text UNIQUE,
  origin bigint NOT NULL,
  count bigint NOT NULL DEFAULT 0,
  -- null while it is current; from this time on it counts as forgotten, wherever it is still kept
  forget_at bigint,
  -- false while its ids are still being copied from another host
  complete boolean NOT NULL DEFAULT true,
  -- some of its ids may be in foreshard.id
  has_aside boolean NOT NULL DEFAULT false
);
CREATE INDEX id_set_forget_at ON foreshard.id_set (forget_at);

-- Ids kept aside from records: of records that are not here (trimmed, dropped, on another host), and of
-- events that share the 7 bytes with another one. `seq` is the event's in the set's origin.
CREATE TABLE foreshard.id (
  set_id bigint NOT NULL,
  field bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (set_id, field, seq)
);

-- The id sets in which one replica looks, in order, with their origins; as an element of an array.
CREATE TYPE foreshard.known AS (sets bigint[], origins bigint[]);
