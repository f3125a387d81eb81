-- What was added to the tables since schema.sql was first released. Every step may run again, and leaves
-- what an older process that is still running works with as it is.

-- The calls that changed something, to be summed: one row of 64, by backend, so that appends do not queue
-- behind the commit of a single one. Not a sequence, which is logged ahead and never rolled back. Room on the
-- pages lets an update stay on its page, without an entry in the index.
CREATE TABLE IF NOT EXISTS foreshard.progress (
  slot int PRIMARY KEY,
  n bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO foreshard.progress (slot) SELECT generate_series(0, 63) ON CONFLICT DO NOTHING;

ALTER TABLE foreshard.host
  -- the decision that accepted the last loss of this host; 0: none
  ADD COLUMN IF NOT EXISTS generation bigint NOT NULL DEFAULT 0,
  -- the last mark that the control plane gave, and host_last in that moment
  ADD COLUMN IF NOT EXISTS mark text NOT NULL DEFAULT '',
  ADD COLUMN IF NOT EXISTS mark_promise bigint NOT NULL DEFAULT 0;
