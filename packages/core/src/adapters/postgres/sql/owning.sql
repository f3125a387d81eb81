-- Who may write: creation, seal, open, raise, drop and the floor. Each is decided by the epoch alone, on the
-- locked row; a repeat of what is done already answers the same and changes nothing.

-- Removes a replica or tombstone; the ids of sets to which others refer stay. REQUIRES the membership lock and the row locked.
CREATE FUNCTION foreshard.v1_clear(r foreshard.replica) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM foreshard.v1_release_sets(r);
  WITH gone AS (
    DELETE FROM foreshard.record WHERE shardlet = r.shardlet RETURNING set_id, field, seq
  ), marked AS (
    UPDATE foreshard.id_set SET has_aside = true
      WHERE set_id = ANY (r.known_sets) AND origin = r.shardlet AND name IS NOT NULL
  )
  INSERT INTO foreshard.id (set_id, field, seq)
    SELECT g.set_id, g.field, g.seq FROM gone g JOIN foreshard.id_set s USING (set_id)
    WHERE s.name IS NOT NULL AND s.forget_at > foreshard.v1_clock();
  DELETE FROM foreshard.shadow_sum WHERE shardlet = r.shardlet;
  DELETE FROM foreshard.replica WHERE shardlet = r.shardlet;
END
$$;

-- REQUIRES the membership lock and no row of this shardlet.
CREATE FUNCTION foreshard.v1_add(
  at_shardlet bigint, at_epoch bigint, in_mode text, spec jsonb, last bigint, sets bigint[], at_time bigint
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO foreshard.replica (
    shardlet, epoch, mode, change, born_at, stream, from_hi, from_lo, to_hi, to_lo,
    window_micros, lead_micros, last_ts, known_sets, looks_elsewhere)
  VALUES (
    at_shardlet, at_epoch, in_mode, nextval('foreshard.change'), at_epoch, (spec->>'stream')::bigint,
    (spec->>'fromHi')::bigint, (spec->>'fromLo')::bigint, (spec->>'toHi')::bigint, (spec->>'toLo')::bigint,
    (spec->>'windowMicros')::bigint, (spec->>'leadMicros')::bigint, last, sets,
    sets <> '{}');
  PERFORM foreshard.v1_open_set(at_shardlet, at_time);
END
$$;

CREATE FUNCTION foreshard.v1_below_floor(floor bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('kind', 'belowFloor', 'createFloor', floor)
$$;

-- Replaces a sealed, shadow or ready replica or a tombstone of a lower epoch, but never an open one.
CREATE FUNCTION foreshard.v1_create_shadow(at_shardlet bigint, at_epoch bigint, spec jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica;
BEGIN
  PERFORM foreshard.v1_lock_membership();
  r := foreshard.v1_lock(at_shardlet);
  IF r.epoch = at_epoch AND r.mode <> 'dropped' THEN RETURN '{"kind": "created"}'; END IF;
  IF r.epoch >= at_epoch OR r.mode = 'open' THEN RETURN foreshard.v1_stale(r); END IF;
  IF at_epoch < host.create_floor THEN RETURN foreshard.v1_below_floor(host.create_floor); END IF;
  PERFORM foreshard.v1_clear(r);
  PERFORM foreshard.v1_add(at_shardlet, at_epoch, 'shadow', spec, 0, '{}', foreshard.v1_clock());
  RETURN foreshard.v1_counted('{"kind": "created"}');
END
$$;

-- Only where no replica is, and only from parents that are all sealed here. The child knows everything its
-- parents know: it refers to their closed sets, own and inherited.
CREATE FUNCTION foreshard.v1_create_open(
  at_shardlet bigint, at_epoch bigint, spec jsonb, parents bigint[], parent_epochs bigint[]
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica;
  parent foreshard.replica;
  last bigint := host.host_last;
  sets bigint[] := '{}';
  at_time bigint;
BEGIN
  PERFORM foreshard.v1_lock_membership();
  PERFORM FROM foreshard.replica WHERE shardlet = ANY (at_shardlet || parents)
    ORDER BY shardlet FOR NO KEY UPDATE;
  at_time := foreshard.v1_clock();
  r := foreshard.v1_lock(at_shardlet);
  IF r.epoch = at_epoch AND r.mode <> 'dropped' THEN RETURN '{"kind": "created"}'; END IF;
  IF r.epoch >= at_epoch OR r.mode <> 'dropped' THEN RETURN foreshard.v1_stale(r); END IF;
  IF at_epoch < host.create_floor THEN RETURN foreshard.v1_below_floor(host.create_floor); END IF;
  FOR i IN 1..cardinality(parents) LOOP
    parent := foreshard.v1_lock(parents[i]);
    IF parent.mode IS DISTINCT FROM 'sealed' OR parent.epoch <> parent_epochs[i] THEN
      RETURN foreshard.v1_stale(parent);
    END IF;
    last := greatest(last, parent.last_ts);
    sets := sets || ARRAY(
      SELECT k.set_id
      FROM unnest(parent.known_sets) WITH ORDINALITY k(set_id, place)
        JOIN foreshard.id_set s USING (set_id)
      WHERE k.set_id <> ALL (sets) AND s.forget_at > at_time
      ORDER BY k.place);
  END LOOP;
  PERFORM foreshard.v1_clear(r);
  PERFORM foreshard.v1_add(at_shardlet, at_epoch, 'open', spec, last, sets, at_time);
  RETURN foreshard.v1_counted('{"kind": "created"}');
END
$$;

-- A replica sealed at a lower epoch is stale, not sealed already.
CREATE FUNCTION foreshard.v1_seal(at_shardlet bigint, at_epoch bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
BEGIN
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode NOT IN ('open', 'sealed') THEN
    RETURN foreshard.v1_stale(r);
  END IF;
  IF r.mode = 'open' THEN
    PERFORM foreshard.v1_close_set(at_shardlet, foreshard.v1_clock());
    UPDATE foreshard.replica
      SET mode = 'sealed', last_ts = greatest(last_ts, host.host_last), change = nextval('foreshard.change')
      WHERE shardlet = at_shardlet;
    PERFORM foreshard.v1_count();
  END IF;
  RETURN foreshard.v1_done(r.last_seq);
END
$$;

CREATE FUNCTION foreshard.v1_open(at_shardlet bigint, at_epoch bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
BEGIN
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode NOT IN ('ready', 'open') THEN
    RETURN foreshard.v1_stale(r);
  END IF;
  IF r.mode = 'ready' THEN
    UPDATE foreshard.replica
      SET mode = 'open', last_ts = greatest(last_ts, host.host_last), change = nextval('foreshard.change')
      WHERE shardlet = at_shardlet;
    PERFORM foreshard.v1_count();
  END IF;
  RETURN foreshard.v1_done(r.last_seq);
END
$$;

-- Open or sealed below the epoch -> open at it, in place.
CREATE FUNCTION foreshard.v1_raise(at_shardlet bigint, at_epoch bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
BEGIN
  IF r.mode IS NULL OR r.mode NOT IN ('open', 'sealed') THEN RETURN foreshard.v1_stale(r); END IF;
  IF r.epoch = at_epoch AND r.mode = 'open' THEN RETURN foreshard.v1_done(r.last_seq); END IF;
  IF r.epoch >= at_epoch THEN RETURN foreshard.v1_stale(r); END IF;
  IF r.mode = 'sealed' THEN PERFORM foreshard.v1_open_set(at_shardlet, foreshard.v1_clock()); END IF;
  UPDATE foreshard.replica
    SET mode = 'open', epoch = at_epoch, last_ts = greatest(last_ts, host.host_last),
      change = nextval('foreshard.change')
    WHERE shardlet = at_shardlet;
  RETURN foreshard.v1_counted(foreshard.v1_done(r.last_seq));
END
$$;

-- Removes whatever has this epoch or a lower one, in any mode, and leaves a tombstone, also where nothing
-- was: then only at or above the floor, as below it nothing can be created any more.
CREATE FUNCTION foreshard.v1_drop(at_shardlet bigint, at_epoch bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica;
BEGIN
  PERFORM foreshard.v1_lock_membership();
  r := foreshard.v1_lock(at_shardlet);
  IF r.epoch > at_epoch THEN RETURN foreshard.v1_stale(r); END IF;
  IF r.epoch = at_epoch AND r.mode = 'dropped' OR r.epoch IS NULL AND at_epoch < host.create_floor THEN
    RETURN '{"kind": "dropped"}';
  END IF;
  PERFORM foreshard.v1_clear(r);
  INSERT INTO foreshard.replica (shardlet, epoch, mode, change, born_at)
    VALUES (at_shardlet, at_epoch, 'dropped', nextval('foreshard.change'), at_epoch);
  RETURN foreshard.v1_counted('{"kind": "dropped"}');
END
$$;

-- Alone, so that no creation below the new floor is still on its way.
CREATE FUNCTION foreshard.v1_create_floor(floor bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter_alone();
  removed bigint;
BEGIN
  UPDATE foreshard.host SET create_floor = floor WHERE create_floor < floor;
  DELETE FROM foreshard.replica WHERE mode = 'dropped' AND epoch < greatest(floor, host.create_floor);
  GET DIAGNOSTICS removed = ROW_COUNT;
  IF floor > host.create_floor OR removed > 0 THEN PERFORM foreshard.v1_count(); END IF;
  RETURN true;
END
$$;

-- Gives an empty store its host id; false when it has another one or holds replicas.
CREATE FUNCTION foreshard.v1_adopt(as_host_id bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter_alone();
BEGIN
  IF host.host_id IS NULL AND NOT EXISTS (SELECT FROM foreshard.replica) THEN
    UPDATE foreshard.host SET host_id = as_host_id;
    PERFORM foreshard.v1_count();
    RETURN true;
  END IF;
  RETURN host.host_id IS NOT DISTINCT FROM as_host_id;
END
$$;
