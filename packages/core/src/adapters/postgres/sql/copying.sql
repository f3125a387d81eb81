-- How a shadow becomes a faithful copy: records and id sets come in, wrong ones go out, and `ready` compares
-- it with what the sealed source has. After that none of these operations has an effect.

-- Takes all of the records or, with a gap or a conflict, none. REQUIRES consecutive seqs from first_given on.
CREATE FUNCTION foreshard.v1_ingest(
  at_shardlet bigint, at_epoch bigint, first_given bigint, times bigint[], frames bytea[]
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
  conflict bigint;
  last_given bigint := first_given + cardinality(frames) - 1;
  young bigint;
  more_ids bigint;
  more_bytes bigint;
  more_aside bigint;
BEGIN
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode <> 'shadow' THEN RETURN foreshard.v1_stale(r); END IF;
  IF last_given >= first_given AND first_given > r.last_seq + 1 THEN
    RETURN jsonb_build_object('kind', 'gap', 'lastSeq', r.last_seq);
  END IF;
  SELECT min(held.seq) INTO conflict
  FROM foreshard.record held
  WHERE held.shardlet = at_shardlet AND held.seq BETWEEN first_given AND last_given
    AND (held.ts <> times[held.seq - first_given + 1] OR held.frame <> frames[held.seq - first_given + 1]);
  IF conflict IS NOT NULL THEN RETURN jsonb_build_object('kind', 'conflict', 'seq', conflict); END IF;

  IF last_given > r.last_seq THEN
    -- the ids of young records travel with them; older ones are past every retry within the window
    young := foreshard.v1_clock() - r.window_micros - r.lead_micros;
    WITH given AS (
      SELECT n.*, n.ts > young AS is_young,
        row_number() OVER (PARTITION BY n.field, n.ts > young ORDER BY n.seq) AS nth
      FROM (
        SELECT first_given + g.place - 1 AS seq, g.ts, foreshard.v1_id_field(g.frame) AS field, g.frame
        FROM unnest(times, frames) WITH ORDINALITY AS g(ts, frame, place)
        WHERE first_given + g.place - 1 > r.last_seq
      ) n
    ), taken AS (
      INSERT INTO foreshard.record (shardlet, seq, ts, set_id, field, frame)
        SELECT at_shardlet, n.seq, n.ts,
          -- where the place in the index is free, else the id is kept aside
          CASE WHEN n.is_young AND n.nth = 1 AND NOT EXISTS (
            SELECT FROM foreshard.record other
            WHERE other.shardlet = at_shardlet AND other.field = n.field AND other.set_id IS NOT NULL
          ) THEN r.current_set END,
          n.field, n.frame
        FROM given n
        RETURNING seq, field, ts > young AS is_young, set_id, length(frame) AS size
    ), aside AS (
      INSERT INTO foreshard.id (set_id, field, seq)
        SELECT r.current_set, field, seq FROM taken WHERE is_young AND set_id IS NULL
        RETURNING seq
    )
    SELECT count(*) FILTER (WHERE is_young), sum(size), (SELECT count(*) FROM aside)
    INTO more_ids, more_bytes, more_aside FROM taken;
    IF more_aside > 0 THEN
      UPDATE foreshard.id_set SET has_aside = true WHERE set_id = r.current_set;
    END IF;
    UPDATE foreshard.replica SET
      last_seq = last_given,
      bytes = bytes + more_bytes,
      current_count = current_count + more_ids,
      looks_elsewhere = looks_elsewhere OR more_aside > 0,
      change = nextval('foreshard.change')
    WHERE shardlet = at_shardlet;
    PERFORM foreshard.v1_count();
  END IF;
  RETURN jsonb_build_object('kind', 'ingested', 'lastSeq', greatest(r.last_seq, last_given));
END
$$;

-- A chunk of a closed set of the source. Time travels as time left, since the clocks of two hosts differ; the
-- first chunk fixes it. A set that is complete here stays as it is; a forgotten one begins anew.
CREATE FUNCTION foreshard.v1_ingest_ids(
  at_shardlet bigint, at_epoch bigint, set_name text, of_origin bigint, time_left bigint,
  fields bigint[], seqs bigint[], is_complete boolean
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica;
  target foreshard.id_set;
  at_time bigint;
  added bigint;
  referred bigint;
  changed boolean := false;
BEGIN
  PERFORM foreshard.v1_lock_membership();
  SELECT * INTO target FROM foreshard.id_set WHERE name = set_name;
  -- in order, as the references of a set that begins anew are updated
  PERFORM FROM foreshard.replica
    WHERE shardlet = at_shardlet OR known_sets @> ARRAY[target.set_id]
    ORDER BY shardlet FOR NO KEY UPDATE;
  r := foreshard.v1_lock(at_shardlet);
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode <> 'shadow' THEN RETURN foreshard.v1_stale(r); END IF;
  at_time := foreshard.v1_clock();
  IF target.set_id IS NULL THEN
    INSERT INTO foreshard.id_set (name, origin, forget_at, complete)
      VALUES (set_name, of_origin, at_time + time_left, false) RETURNING * INTO target;
    changed := true;
  ELSIF target.forget_at <= at_time THEN
    target := foreshard.v1_begin_anew(target, of_origin, at_time + time_left);
    changed := true;
  END IF;
  IF NOT target.complete THEN
    INSERT INTO foreshard.id (set_id, field, seq)
      SELECT DISTINCT target.set_id, i.field, i.seq FROM unnest(fields, seqs) AS i(field, seq)
      ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    UPDATE foreshard.id_set SET count = count + added, complete = is_complete, has_aside = true
      WHERE set_id = target.set_id;
    changed := changed OR added > 0 OR is_complete;
  END IF;
  UPDATE foreshard.replica SET known_sets = known_sets || target.set_id, looks_elsewhere = true
    WHERE shardlet = at_shardlet AND NOT known_sets @> ARRAY[target.set_id];
  GET DIAGNOSTICS referred = ROW_COUNT;
  IF changed OR referred > 0 THEN PERFORM foreshard.v1_count(); END IF;
  RETURN '{"kind": "ingested"}';
END
$$;

-- Another set takes the name and the references of a forgotten one. REQUIRES the membership lock.
CREATE FUNCTION foreshard.v1_begin_anew(old foreshard.id_set, of_origin bigint, until bigint)
RETURNS foreshard.id_set
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  anew foreshard.id_set;
BEGIN
  UPDATE foreshard.id_set SET name = NULL, forget_at = 0 WHERE set_id = old.set_id;
  INSERT INTO foreshard.id_set (name, origin, forget_at, complete)
    VALUES (old.name, of_origin, until, false) RETURNING * INTO anew;
  UPDATE foreshard.replica SET known_sets = array_replace(known_sets, old.set_id, anew.set_id)
    WHERE known_sets @> ARRAY[old.set_id];
  RETURN anew;
END
$$;

-- Removes the records after a seq from a shadow, with their ids; never below first_seq - 1.
CREATE FUNCTION foreshard.v1_truncate(at_shardlet bigint, at_epoch bigint, after_seq bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
  keep_to bigint := greatest(after_seq, r.first_seq - 1);
  gone_bytes bigint;
  gone_ids bigint;
  gone_aside bigint;
BEGIN
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode <> 'shadow' THEN RETURN foreshard.v1_stale(r); END IF;
  IF keep_to >= r.last_seq THEN RETURN foreshard.v1_done(r.last_seq); END IF;
  WITH gone AS (
    DELETE FROM foreshard.record WHERE shardlet = at_shardlet AND seq > keep_to
    RETURNING set_id, length(frame) AS size
  ) SELECT coalesce(sum(size), 0), count(set_id) INTO gone_bytes, gone_ids FROM gone;
  DELETE FROM foreshard.shadow_sum WHERE shardlet = at_shardlet;
  DELETE FROM foreshard.id WHERE set_id = r.current_set AND seq > keep_to;
  GET DIAGNOSTICS gone_aside = ROW_COUNT;
  UPDATE foreshard.replica
    SET last_seq = keep_to, bytes = bytes - gone_bytes, current_count = current_count - gone_ids - gone_aside,
      change = nextval('foreshard.change')
    WHERE shardlet = at_shardlet;
  RETURN foreshard.v1_counted(foreshard.v1_done(keep_to));
END
$$;

-- Two sums over (seq, ts, checksum) and the count; see digest.ts, which it must agree with for ever.
CREATE FUNCTION foreshard.v1_digest_of(at_shardlet bigint, from_seq bigint, to_seq bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'count', count(*),
    'sum1', coalesce(sum(((foreshard.v1_u32(check_sum, 0) + ts) % 67108859) * (seq % 67108859 + 1) % 67108859)
      % 67108859, 0),
    'sum2', coalesce(sum(((foreshard.v1_u32(check_sum, 4) + ts) % 67108837) * (seq % 67108837 + 1) % 67108837)
      % 67108837, 0))
  FROM (
    SELECT seq, ts, substring(frame FROM 25 FOR 8) AS check_sum
    FROM foreshard.record WHERE shardlet = at_shardlet AND seq BETWEEN from_seq AND to_seq
    OFFSET 0
  ) held
$$;

-- One snapshot: the epoch checked is the epoch of what is summed.
CREATE FUNCTION foreshard.v1_digest_now(at_shardlet bigint, at_epoch bigint, from_seq bigint, to_seq bigint)
RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r foreshard.replica;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode = 'dropped' THEN RETURN foreshard.v1_stale(r); END IF;
  RETURN jsonb_build_object('kind', 'digest', 'digest', foreshard.v1_digest_of(at_shardlet, from_seq, to_seq));
END
$$;

-- What was summed of a shadow from its first record on, since `ready` must not sum everything anew while
-- edges wait. Its records change by `truncate` only, which forgets the sum; another epoch has another row.
CREATE TABLE IF NOT EXISTS foreshard.shadow_sum (
  shardlet bigint PRIMARY KEY,
  epoch bigint NOT NULL,
  from_seq bigint NOT NULL,
  to_seq bigint NOT NULL,
  digest jsonb NOT NULL
);

CREATE FUNCTION foreshard.v1_add_digests(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'count', (a->>'count')::bigint + (b->>'count')::bigint,
    'sum1', ((a->>'sum1')::bigint + (b->>'sum1')::bigint) % 67108859,
    'sum2', ((a->>'sum2')::bigint + (b->>'sum2')::bigint) % 67108837)
$$;

-- REQUIRES the replica locked. Nothing is kept of a run with holes, or that does not follow what is kept.
CREATE FUNCTION foreshard.v1_keep_sum(r foreshard.replica, of_from bigint, of_to bigint, summed jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF (summed->>'count')::bigint <> of_to - of_from + 1 THEN RETURN; END IF;
  IF of_from = r.first_seq THEN
    INSERT INTO foreshard.shadow_sum VALUES (r.shardlet, r.epoch, of_from, of_to, summed)
      ON CONFLICT (shardlet) DO UPDATE
      SET epoch = excluded.epoch, from_seq = excluded.from_seq, to_seq = excluded.to_seq,
        digest = excluded.digest;
  ELSE
    UPDATE foreshard.shadow_sum SET to_seq = of_to, digest = foreshard.v1_add_digests(digest, summed)
      WHERE shardlet = r.shardlet AND epoch = r.epoch AND from_seq = r.first_seq AND to_seq = of_from - 1;
  END IF;
END
$$;

-- Of a locked replica, from a seq to its end, with what was summed before.
CREATE FUNCTION foreshard.v1_digest_from(r foreshard.replica, first bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  known foreshard.shadow_sum;
BEGIN
  SELECT * INTO known FROM foreshard.shadow_sum
    WHERE shardlet = r.shardlet AND epoch = r.epoch AND from_seq = first AND to_seq <= r.last_seq;
  IF known.to_seq IS NULL THEN RETURN foreshard.v1_digest_of(r.shardlet, first, r.last_seq); END IF;
  RETURN foreshard.v1_add_digests(
    known.digest, foreshard.v1_digest_of(r.shardlet, known.to_seq + 1, r.last_seq));
END
$$;

CREATE FUNCTION foreshard.v1_digest(at_shardlet bigint, at_epoch bigint, from_seq bigint, to_seq bigint)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  r foreshard.replica;
  summed jsonb;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.mode = 'shadow' THEN
    r := foreshard.v1_lock(at_shardlet);
    IF r.mode = 'shadow' AND r.epoch = at_epoch THEN
      summed := foreshard.v1_digest_of(at_shardlet, from_seq, to_seq);
      PERFORM foreshard.v1_keep_sum(r, from_seq, to_seq, summed);
      RETURN jsonb_build_object('kind', 'digest', 'digest', summed);
    END IF;
  END IF;
  RETURN foreshard.v1_digest_now(at_shardlet, at_epoch, from_seq, to_seq);
END
$$;

-- Forgets the records below a seq; their ids outlive them, aside. REQUIRES the replica locked.
CREATE FUNCTION foreshard.v1_cut_below(r foreshard.replica, seq_kept bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  gone_bytes bigint;
  kept_aside bigint;
BEGIN
  IF seq_kept <= r.first_seq THEN RETURN; END IF;
  WITH gone AS (
    DELETE FROM foreshard.record WHERE shardlet = r.shardlet AND seq < seq_kept
    RETURNING set_id, field, seq, length(frame) AS size
  ), kept AS (
    INSERT INTO foreshard.id (set_id, field, seq)
      SELECT g.set_id, g.field, g.seq FROM gone g JOIN foreshard.id_set s USING (set_id)
      WHERE s.forget_at IS NULL OR s.forget_at > foreshard.v1_clock()
      RETURNING set_id
  ), marked AS (
    UPDATE foreshard.id_set s SET has_aside = true FROM (SELECT DISTINCT set_id FROM kept) k
      WHERE s.set_id = k.set_id
      RETURNING s.set_id
  ) SELECT coalesce(sum(size), 0) INTO gone_bytes FROM gone;
  SELECT count(*) INTO kept_aside FROM foreshard.id_set
    WHERE set_id = ANY (r.current_set || r.known_sets) AND has_aside;
  UPDATE foreshard.replica
    SET first_seq = seq_kept, last_seq = greatest(last_seq, seq_kept - 1), bytes = bytes - gone_bytes,
      looks_elsewhere = looks_elsewhere OR kept_aside > 0, change = nextval('foreshard.change')
    WHERE shardlet = r.shardlet;
END
$$;

-- Spares what is younger than window + lead, which a migration may still have to carry as ids. A shadow only
-- follows its source, which spared it; it may even be trimmed past its end.
CREATE FUNCTION foreshard.v1_trim(at_shardlet bigint, at_epoch bigint, up_to bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
  target bigint := up_to;
BEGIN
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode = 'dropped' THEN RETURN foreshard.v1_stale(r); END IF;
  IF r.mode <> 'shadow' THEN
    target := least(up_to, coalesce(
      (SELECT seq FROM foreshard.record
        WHERE shardlet = at_shardlet AND ts > foreshard.v1_clock() - r.window_micros - r.lead_micros
        ORDER BY seq LIMIT 1),
      r.last_seq + 1));
  END IF;
  PERFORM foreshard.v1_cut_below(r, target);
  IF target > r.first_seq THEN PERFORM foreshard.v1_count(); END IF;
  RETURN jsonb_build_object('kind', 'trimmed', 'firstSeq', greatest(r.first_seq, target));
END
$$;

-- Shadow with exactly the given content -> trimmed to first_expected, ready.
CREATE FUNCTION foreshard.v1_ready(
  at_shardlet bigint, at_epoch bigint, first_expected bigint, final_expected bigint,
  digest_expected jsonb, sets_expected text[], last bigint
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter();
  r foreshard.replica := foreshard.v1_lock(at_shardlet);
  refused text;
BEGIN
  IF r.epoch IS DISTINCT FROM at_epoch OR r.mode NOT IN ('shadow', 'ready') THEN
    RETURN foreshard.v1_stale(r);
  END IF;
  IF r.mode = 'ready' THEN RETURN '{"kind": "ready"}'; END IF;
  refused := CASE
    WHEN r.last_seq <> final_expected THEN 'lastSeq'
    WHEN r.first_seq > first_expected OR first_expected > final_expected + 1 THEN 'firstSeq'
    WHEN foreshard.v1_digest_from(r, first_expected) <> digest_expected THEN 'digest'
    -- a set whose time ended after it began to come in is not missed
    WHEN EXISTS (
      SELECT FROM unnest(sets_expected) AS e(name)
      WHERE NOT EXISTS (
        SELECT FROM foreshard.id_set s
        WHERE s.name = e.name AND s.set_id = ANY (r.known_sets)
          AND (s.complete OR s.forget_at <= foreshard.v1_clock()))
    ) THEN 'idSets'
  END;
  IF refused IS NOT NULL THEN RETURN jsonb_build_object('kind', 'refused', 'because', refused); END IF;
  PERFORM foreshard.v1_cut_below(r, first_expected);
  DELETE FROM foreshard.shadow_sum WHERE shardlet = at_shardlet;
  UPDATE foreshard.replica
    SET mode = 'ready', last_ts = greatest(last, host.host_last), change = nextval('foreshard.change')
    WHERE shardlet = at_shardlet;
  RETURN foreshard.v1_counted('{"kind": "ready"}');
END
$$;
