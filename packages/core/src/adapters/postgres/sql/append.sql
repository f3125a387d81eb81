-- The append of all groups of one call, as a whole: fenced by epoch, refused when outside or ahead, without
-- what is known or expired, the rest with consecutive seqs and timestamps. Nothing of it is visible
-- below a promise of the frontier, since the host lock is shared until the commit.
--
-- Arrays run over the groups (ordered by shardlet, so rows are locked in that order) or over the events
-- (ordered by group). Every statement handles all of them; loops run only over rotations.
-- REQUIRES each shardlet once, and no event twice in a group.

CREATE FUNCTION foreshard.v1_append(
  -- of each group
  shardlets bigint[], epochs bigint[], edge_times bigint[], tokens bigint[], windows bigint[], leads bigint[],
  lowest_hi bigint[], lowest_lo bigint[], highest_hi bigint[], highest_lo bigint[],
  counts bigint[], sizes bigint[],
  -- of each event: its group, its place in the group (both from 1), its id field and frame
  groups bigint[], places bigint[], fields bigint[], frames bytea[],
  -- null when no id is timed
  id_times bigint[],
  tolerance bigint, ids_per_set_max bigint
) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host;
  at_time bigint;
  rotation_due_at bigint;
  -- as found
  found_epochs bigint[]; found_modes text[]; ranges json[];
  last_seqs bigint[]; last_times bigint[]; sets bigint[]; set_counts bigint[]; known foreshard.known[];
  -- as decided
  verdicts text[]; first_times bigint[];
  duplicates bigint[]; duplicate_origins bigint[]; duplicate_seqs bigint[]; expired bigint[];
BEGIN
  host := foreshard.v1_enter();
  FOR pass IN 1..2 LOOP
    SELECT array_agg(r.epoch), array_agg(r.mode),
      array_agg(CASE
        WHEN r.mode IS DISTINCT FROM 'open' OR r.epoch <> g.epoch THEN 'stale'
        WHEN (g.low_hi, g.low_lo) < (r.from_hi, r.from_lo) OR (g.high_hi, g.high_lo) >= (r.to_hi, r.to_lo)
          THEN 'outside'
        ELSE 'appended' END),
      array_agg(r.last_seq), array_agg(r.last_ts), array_agg(r.current_set), array_agg(r.current_count),
      array_agg(ROW (r.current_set || r.known_sets)::foreshard.known),
      min(CASE WHEN r.mode = 'open' AND r.epoch = g.epoch THEN r.set_opened_at + g.window_micros END)
    INTO found_epochs, found_modes, verdicts, last_seqs, last_times, sets, set_counts, known, rotation_due_at
    FROM unnest(shardlets, epochs, lowest_hi, lowest_lo, highest_hi, highest_lo, windows)
        AS g(shardlet, epoch, low_hi, low_lo, high_hi, high_lo, window_micros)
      LEFT JOIN LATERAL (
        SELECT * FROM foreshard.replica WHERE replica.shardlet = g.shardlet FOR NO KEY UPDATE
      ) r ON true;
    -- read once, when all rows are locked: a time from before a long wait would be too old for a timestamp
    at_time := coalesce(at_time, foreshard.v1_clock());

    SELECT array_agg(CASE WHEN v.verdict = 'appended' AND v.token > at_time + tolerance THEN 'ahead' ELSE v.verdict END),
      array_agg(greatest(
        least(greatest(v.edge_time, at_time - tolerance), at_time + tolerance),
        v.last_time + 1, host.host_last + 1, v.token + 1))
    INTO verdicts, first_times
    FROM unnest(verdicts, tokens, edge_times, last_times) AS v(verdict, token, edge_time, last_time);

    EXIT WHEN pass = 2 OR rotation_due_at IS NULL OR rotation_due_at > at_time
      OR NOT foreshard.v1_rotate(shardlets, verdicts, windows, at_time);
  END LOOP;

  -- Where the record of a known id is here and readable, it decides whether this is the same event.
  SELECT array_agg(k.event), array_agg(k.origin), array_agg(k.seq)
  INTO duplicates, duplicate_origins, duplicate_seqs
  FROM (
    SELECT DISTINCT ON (e.event) e.event, s.origin,
      CASE WHEN o.shardlet IS NULL OR i.seq >= o.first_seq THEN i.seq END AS seq
    FROM unnest(groups, fields, frames) WITH ORDINALITY AS e(g, field, frame, event)
      CROSS JOIN LATERAL (
        SELECT h.set_id, h.seq FROM foreshard.record h
        WHERE h.set_id = ANY ((known[e.g]).sets) AND h.field = e.field
        UNION ALL
        SELECT a.set_id, a.seq FROM foreshard.id a
        WHERE a.set_id = ANY ((known[e.g]).sets) AND a.field = e.field
      ) i
      JOIN foreshard.id_set s ON s.set_id = i.set_id AND (s.forget_at IS NULL OR s.forget_at > at_time)
      LEFT JOIN foreshard.replica o ON o.shardlet = s.origin AND o.mode IN ('open', 'sealed', 'ready')
      LEFT JOIN foreshard.record stored ON stored.shardlet = o.shardlet AND stored.seq = i.seq
    WHERE verdicts[e.g] = 'appended'
      AND (stored.seq IS NULL OR substring(stored.frame FROM 5 FOR 20) = substring(e.frame FROM 5 FOR 20))
    ORDER BY e.event, array_position((known[e.g]).sets, i.set_id), i.seq DESC
  ) k;

  IF id_times IS NOT NULL THEN
    SELECT array_agg(e.event) INTO expired
    FROM unnest(groups, id_times) WITH ORDINALITY AS e(g, id_time, event)
    WHERE verdicts[e.g] = 'appended' AND e.id_time > 0 AND e.id_time < at_time - (windows[e.g] - leads[e.g])
      AND e.event <> ALL (coalesce(duplicates, '{}'));
  END IF;

  -- Leaves only what is to be stored, numbered anew.
  IF duplicates IS NOT NULL OR expired IS NOT NULL OR 'appended' <> ANY (verdicts) THEN
    SELECT coalesce(array_agg(e.g), '{}'), coalesce(array_agg(e.place), '{}'),
      coalesce(array_agg(e.field), '{}'), coalesce(array_agg(e.frame), '{}')
    INTO groups, places, fields, frames
    FROM (
      SELECT u.g, row_number() OVER (PARTITION BY u.g ORDER BY u.event) AS place, u.field, u.frame
      FROM unnest(groups, fields, frames) WITH ORDINALITY AS u(g, field, frame, event)
      WHERE verdicts[u.g] = 'appended'
        AND u.event <> ALL (coalesce(duplicates, '{}')) AND u.event <> ALL (coalesce(expired, '{}'))
      ORDER BY u.event
    ) e;
    SELECT array_agg(coalesce(e.count, 0) ORDER BY g.g), array_agg(coalesce(e.size, 0) ORDER BY g.g)
    INTO counts, sizes
    FROM generate_series(1, cardinality(shardlets)) AS g(g)
      LEFT JOIN (
        SELECT u.g, count(*), sum(length(u.frame))::bigint AS size
        FROM unnest(groups, frames) AS u(g, frame) GROUP BY u.g
      ) e ON e.g = g.g;
  END IF;

  IF EXISTS (
    SELECT FROM unnest(verdicts, set_counts, counts) AS v(verdict, held, more)
    WHERE v.verdict = 'appended' AND v.more > 0 AND v.held + v.more > ids_per_set_max
  ) THEN
    SELECT array_agg(CASE WHEN v.verdict = 'appended' AND v.more > 0 AND v.held + v.more > ids_per_set_max
      THEN 'tooManyIds' ELSE v.verdict END)
    INTO verdicts FROM unnest(verdicts, set_counts, counts) AS v(verdict, held, more);
    SELECT coalesce(array_agg(e.g), '{}'), coalesce(array_agg(e.place), '{}'),
      coalesce(array_agg(e.field), '{}'), coalesce(array_agg(e.frame), '{}')
    INTO groups, places, fields, frames
    FROM unnest(groups, places, fields, frames) AS e(g, place, field, frame) WHERE verdicts[e.g] = 'appended';
  END IF;

  INSERT INTO foreshard.record (shardlet, seq, ts, set_id, field, frame)
    SELECT shardlets[e.g], last_seqs[e.g] + e.place, first_times[e.g] + e.place - 1, sets[e.g], e.field, e.frame
    FROM unnest(groups, places, fields, frames) AS e(g, place, field, frame);
  UPDATE foreshard.replica r SET
    last_seq = r.last_seq + g.stored,
    last_ts = CASE WHEN g.stored > 0 THEN g.first_time + g.stored - 1 ELSE r.last_ts END,
    bytes = r.bytes + CASE WHEN g.stored > 0 THEN g.size ELSE 0 END,
    current_count = r.current_count + g.stored,
    change = CASE WHEN g.stored > 0 THEN g.change ELSE r.change END,
    window_micros = g.window_micros,
    lead_micros = g.lead_micros
  FROM (
    SELECT u.*, CASE WHEN u.verdict = 'appended' THEN u.counted ELSE 0 END AS stored, c.change
    FROM (SELECT nextval('foreshard.change') AS change) c,
      unnest(shardlets, verdicts, counts, sizes, first_times, windows, leads)
        AS u(shardlet, verdict, counted, size, first_time, window_micros, lead_micros)
  ) g
  WHERE r.shardlet = g.shardlet AND g.verdict IN ('appended', 'tooManyIds')
    AND (g.stored > 0 OR r.window_micros <> g.window_micros OR r.lead_micros <> g.lead_micros);

  IF 'outside' = ANY (verdicts) THEN
    SELECT array_agg(CASE WHEN u.verdict = 'outside' THEN
      json_build_array(r.from_hi, r.from_lo, r.to_hi, r.to_lo) END ORDER BY u.g) INTO ranges
    FROM unnest(shardlets, verdicts) WITH ORDINALITY AS u(shardlet, verdict, g)
      LEFT JOIN foreshard.replica r USING (shardlet);
  END IF;
  RETURN json_build_object(
    'now', at_time, 'verdicts', verdicts, 'epochs', found_epochs, 'modes', found_modes, 'ranges', ranges,
    'lastSeqs', last_seqs, 'firstTimes', first_times, 'counts', counts,
    'duplicates', duplicates, 'duplicateOrigins', duplicate_origins, 'duplicateSeqs', duplicate_seqs,
    'expired', expired);
END
$$;

-- Closes the current sets that are a window old, of the groups that go on; true when there was one.
CREATE FUNCTION foreshard.v1_rotate(shardlets bigint[], verdicts text[], windows bigint[], at_time bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  due record;
  rotated boolean := false;
BEGIN
  FOR due IN
    SELECT g.shardlet, g.window_micros
    FROM unnest(shardlets, verdicts, windows) AS g(shardlet, verdict, window_micros)
      JOIN foreshard.replica r USING (shardlet)
    WHERE g.verdict = 'appended' AND at_time - r.set_opened_at >= g.window_micros
  LOOP
    UPDATE foreshard.replica SET window_micros = due.window_micros WHERE shardlet = due.shardlet;
    PERFORM foreshard.v1_close_set(due.shardlet, at_time);
    PERFORM foreshard.v1_open_set(due.shardlet, at_time);
    rotated := true;
  END LOOP;
  RETURN rotated;
END
$$;
