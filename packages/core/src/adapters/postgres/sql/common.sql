-- Locks and answers that all operations share.
--
-- Advisory locks of the class 'fore', always taken in this order and before any row:
--   1  the host: shared by every operation that changes a replica, exclusive for what must see all of
--      them finished (frontier, createFloor, adopt)
--   2  membership: exclusive for whatever adds or removes replicas or references to id sets
-- Before them, by who makes a promise and nobody else:
--   4  promising: exclusive, so that one of many makes it (3 is the installation's)
-- Rows of replicas are locked in the order of their shardlets.

CREATE FUNCTION foreshard.v1_clock() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(h.clock, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) FROM foreshard.host h
$$;

-- The host as it is now, kept from moving its promise or its floor until the end of the transaction.
CREATE FUNCTION foreshard.v1_enter() RETURNS foreshard.host
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1718579813, 1);
  SELECT * INTO host FROM foreshard.host;
  RETURN host;
END
$$;

CREATE FUNCTION foreshard.v1_enter_alone() RETURNS foreshard.host
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host;
BEGIN
  PERFORM pg_advisory_xact_lock(1718579813, 1);
  SELECT * INTO host FROM foreshard.host;
  RETURN host;
END
$$;

CREATE FUNCTION foreshard.v1_lock_membership() RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT pg_advisory_xact_lock(1718579813, 2)
$$;

-- The replica or tombstone, locked; all null when there is none.
CREATE FUNCTION foreshard.v1_lock(at_shardlet bigint) RETURNS foreshard.replica
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  r foreshard.replica;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet FOR NO KEY UPDATE;
  RETURN r;
END
$$;

CREATE FUNCTION foreshard.v1_stale(r foreshard.replica) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('kind', 'stale', 'epoch', coalesce(r.epoch, 0), 'mode', coalesce(r.mode, 'absent'))
$$;

CREATE FUNCTION foreshard.v1_done(last_seq bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('kind', 'done', 'lastSeq', last_seq)
$$;

CREATE FUNCTION foreshard.v1_info(r foreshard.replica) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'shardlet', r.shardlet, 'epoch', r.epoch, 'mode', r.mode, 'firstSeq', r.first_seq, 'lastSeq', r.last_seq)
$$;

-- The unsigned 32-bit number at a byte of a frame.
CREATE FUNCTION foreshard.v1_u32(bytes bytea, at int) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT (get_byte(bytes, at)::bigint << 24) + (get_byte(bytes, at + 1) << 16)
    + (get_byte(bytes, at + 2) << 8) + get_byte(bytes, at + 3)
$$;

-- Frame bytes [12, 19).
CREATE FUNCTION foreshard.v1_id_field(frame bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT (foreshard.v1_u32(frame, 12) << 24) + (foreshard.v1_u32(frame, 15) & 16777215)
$$;
