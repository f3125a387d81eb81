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
  tolerance bigint, ids_per_set_max bigint,
  -- worth trying first, as the last append was
  expect_plain boolean
) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host;
  at_time bigint;
  rotation_due_at bigint;
  this_change bigint;
  -- as found
  found_epochs bigint[]; found_modes text[]; ranges json[];
  last_seqs bigint[]; last_times bigint[]; sets bigint[]; set_counts bigint[]; known foreshard.known[];
  -- as decided
  verdicts text[]; first_times bigint[];
  duplicates bigint[]; duplicate_origins bigint[]; duplicate_seqs bigint[]; duplicate_times bigint[]; expired bigint[];
  rotated boolean := false;
  changed bigint;
  answer json;
BEGIN
  host := foreshard.v1_enter();
  this_change := nextval('foreshard.change'); -- drawn under the host lock
  IF expect_plain THEN
    BEGIN
      answer := foreshard.v1_append_plain(
        host, shardlets, epochs, edge_times, tokens, windows, leads, lowest_hi, lowest_lo, highest_hi, highest_lo,
        counts, sizes, groups, places, fields, frames, id_times, tolerance, ids_per_set_max);
    EXCEPTION WHEN unique_violation OR SQLSTATE 'FS001' THEN
      -- undone, its locks included
    END;
    IF answer IS NOT NULL THEN
      PERFORM foreshard.v1_count();
      RETURN answer;
    END IF;
  END IF;
  FOR pass IN 1..2 LOOP
    SELECT array_agg(r.epoch), array_agg(r.mode),
      array_agg(CASE
        WHEN r.mode IS DISTINCT FROM 'open' OR r.epoch <> g.epoch THEN 'stale'
        WHEN (g.low_hi, g.low_lo) < (r.from_hi, r.from_lo) OR (g.high_hi, g.high_lo) >= (r.to_hi, r.to_lo)
          THEN 'outside'
        ELSE 'appended' END),
      array_agg(r.last_seq), array_agg(r.last_ts), array_agg(r.current_set), array_agg(r.current_count),
      array_agg(r.known),
      min(CASE WHEN r.mode = 'open' AND r.epoch = g.epoch THEN r.set_opened_at + g.window_micros END)
    INTO found_epochs, found_modes, verdicts, last_seqs, last_times, sets, set_counts, known, rotation_due_at
    FROM unnest(shardlets, epochs, lowest_hi, lowest_lo, highest_hi, highest_lo, windows)
        AS g(shardlet, epoch, low_hi, low_lo, high_hi, high_lo, window_micros)
      LEFT JOIN LATERAL (
        SELECT *, ROW (
            current_set || known_sets,
            ARRAY(SELECT s.origin
              FROM unnest(current_set || known_sets) WITH ORDINALITY AS k(set_id, place)
                LEFT JOIN foreshard.id_set s USING (set_id) ORDER BY k.place)
          )::foreshard.known AS known
        FROM foreshard.replica WHERE replica.shardlet = g.shardlet FOR NO KEY UPDATE
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
    rotated := true;
  END LOOP;

  -- Where the record of a known id is here and readable, it decides whether this is the same event.
  SELECT array_agg(k.event), array_agg(k.origin), array_agg(k.seq), array_agg(k.ts)
  INTO duplicates, duplicate_origins, duplicate_seqs, duplicate_times
  FROM (
    SELECT DISTINCT ON (e.event) e.event, s.origin,
      CASE WHEN o.shardlet IS NULL OR i.seq >= o.first_seq THEN i.seq END AS seq,
      CASE WHEN i.seq >= o.first_seq THEN h.ts END AS ts
    FROM unnest(groups, fields, frames) WITH ORDINALITY AS e(g, field, frame, event)
      CROSS JOIN LATERAL unnest((known[e.g]).sets, (known[e.g]).origins) WITH ORDINALITY AS k(set_id, origin, place)
      CROSS JOIN LATERAL foreshard.v1_seqs_of(k.set_id, k.origin, e.field) i
      JOIN foreshard.id_set s ON s.set_id = k.set_id AND (s.forget_at IS NULL OR s.forget_at > at_time)
      LEFT JOIN foreshard.replica o ON o.shardlet = s.origin AND o.mode IN ('open', 'sealed', 'ready')
      LEFT JOIN foreshard.record h ON h.shardlet = o.shardlet AND h.seq = i.seq
    WHERE verdicts[e.g] = 'appended'
      AND coalesce(substring(h.frame FROM 5 FOR 20) = substring(e.frame FROM 5 FOR 20), true)
    ORDER BY e.event, k.place, i.seq DESC
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

  PERFORM foreshard.v1_store(shardlets, last_seqs, first_times, sets, groups, places, fields, frames, at_time);
  UPDATE foreshard.replica r SET
    last_seq = r.last_seq + g.stored,
    last_ts = CASE WHEN g.stored > 0 THEN g.first_time + g.stored - 1 ELSE r.last_ts END,
    bytes = r.bytes + CASE WHEN g.stored > 0 THEN g.size ELSE 0 END,
    current_count = r.current_count + g.stored,
    change = CASE WHEN g.stored > 0 THEN this_change ELSE r.change END,
    window_micros = g.window_micros,
    lead_micros = g.lead_micros
  FROM (
    SELECT u.*, CASE WHEN u.verdict = 'appended' THEN u.counted ELSE 0 END AS stored
    FROM unnest(shardlets, verdicts, counts, sizes, first_times, windows, leads)
        AS u(shardlet, verdict, counted, size, first_time, window_micros, lead_micros)
  ) g
  WHERE r.shardlet = g.shardlet AND g.verdict IN ('appended', 'tooManyIds')
    AND (g.stored > 0 OR r.window_micros <> g.window_micros OR r.lead_micros <> g.lead_micros);
  GET DIAGNOSTICS changed = ROW_COUNT;

  IF 'outside' = ANY (verdicts) THEN
    SELECT array_agg(CASE WHEN u.verdict = 'outside' THEN
      json_build_array(r.from_hi, r.from_lo, r.to_hi, r.to_lo) END ORDER BY u.g) INTO ranges
    FROM unnest(shardlets, verdicts) WITH ORDINALITY AS u(shardlet, verdict, g)
      LEFT JOIN foreshard.replica r USING (shardlet);
  END IF;
  IF rotated OR changed > 0 THEN PERFORM foreshard.v1_count(); END IF;
  RETURN json_build_object(
    'plain', duplicates IS NULL AND expired IS NULL AND NOT 'appended' <> ANY (verdicts), 'now', at_time, 'verdicts', verdicts, 'epochs', found_epochs, 'modes', found_modes, 'ranges', ranges,
    'lastSeqs', last_seqs, 'firstTimes', first_times, 'counts', counts,
    'duplicates', duplicates, 'duplicateOrigins', duplicate_origins, 'duplicateSeqs', duplicate_seqs,
    'duplicateTimes', duplicate_times,
    'expired', expired);
END
$$;

-- An append in which nothing is refused and nothing is known, which is nearly every one: the fence and the
-- reservation of seqs are one update, the look-up of ids is the unique index of the insert. Whatever does not
-- fit raises FS001 or a unique violation, and the append is done with all its cases instead.
CREATE FUNCTION foreshard.v1_append_plain(
  host foreshard.host,
  shardlets bigint[], epochs bigint[], edge_times bigint[], tokens bigint[], windows bigint[], leads bigint[],
  lowest_hi bigint[], lowest_lo bigint[], highest_hi bigint[], highest_lo bigint[],
  counts bigint[], sizes bigint[],
  groups bigint[], places bigint[], fields bigint[], frames bytea[], id_times bigint[],
  tolerance bigint, ids_per_set_max bigint
) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  at_time bigint := foreshard.v1_clock();
  -- a longer wait for rows makes at_time too old for a timestamp
  waited_most CONSTANT bigint := 100000;
  this_change bigint := nextval('foreshard.change');
  last_seqs bigint[]; first_times bigint[]; sets bigint[]; elsewhere boolean;
BEGIN
  IF id_times IS NOT NULL AND EXISTS (
    SELECT FROM unnest(groups, id_times) AS e(g, id_time)
    WHERE e.id_time > 0 AND e.id_time < at_time - (windows[e.g] - leads[e.g])
  ) THEN
    RAISE SQLSTATE 'FS001';
  END IF;
  WITH moved AS (
    UPDATE foreshard.replica r SET
      last_seq = r.last_seq + g.counted,
      last_ts = g.counted - 1 + greatest(
        least(greatest(g.edge_time, at_time - tolerance), at_time + tolerance),
        r.last_ts + 1, host.host_last + 1, g.token + 1),
      bytes = r.bytes + g.size,
      current_count = r.current_count + g.counted,
      change = this_change,
      window_micros = g.window_micros,
      lead_micros = g.lead_micros
    FROM unnest(shardlets, epochs, edge_times, tokens, windows, leads, lowest_hi, lowest_lo, highest_hi, highest_lo,
        counts, sizes) WITH ORDINALITY
      AS g(shardlet, epoch, edge_time, token, window_micros, lead_micros, low_hi, low_lo, high_hi, high_lo,
        counted, size, place)
    WHERE r.shardlet = g.shardlet AND r.mode = 'open' AND r.epoch = g.epoch AND g.counted > 0
      AND (g.low_hi, g.low_lo) >= (r.from_hi, r.from_lo) AND (g.high_hi, g.high_lo) < (r.to_hi, r.to_lo)
      AND g.token <= at_time + tolerance
      AND r.set_opened_at + g.window_micros > at_time
      AND r.current_count + g.counted <= ids_per_set_max
    RETURNING g.place, r.last_seq - g.counted AS last_seq, r.last_ts - g.counted + 1 AS first_time,
      r.current_set, r.looks_elsewhere
  )
  SELECT array_agg(m.last_seq ORDER BY m.place), array_agg(m.first_time ORDER BY m.place),
    array_agg(m.current_set ORDER BY m.place), bool_or(m.looks_elsewhere)
  INTO last_seqs, first_times, sets, elsewhere FROM moved m;
  IF cardinality(last_seqs) IS DISTINCT FROM cardinality(shardlets)
    OR foreshard.v1_clock() > at_time + waited_most THEN
    RAISE SQLSTATE 'FS001';
  END IF;
  IF elsewhere AND EXISTS (
    SELECT FROM unnest(groups, fields) AS e(g, field)
      JOIN foreshard.replica r ON r.shardlet = shardlets[e.g] AND r.looks_elsewhere
      CROSS JOIN LATERAL unnest(r.current_set || r.known_sets) AS k(set_id)
      JOIN foreshard.id_set s ON s.set_id = k.set_id AND (s.origin <> r.shardlet OR s.has_aside)
      CROSS JOIN LATERAL foreshard.v1_seqs_of(s.set_id, s.origin, e.field)
  ) THEN
    RAISE SQLSTATE 'FS001';
  END IF;
  INSERT INTO foreshard.record (shardlet, seq, ts, set_id, field, frame)
    SELECT shardlets[e.g], last_seqs[e.g] + e.place, first_times[e.g] + e.place - 1, sets[e.g], e.field, e.frame
    FROM unnest(groups, places, fields, frames) AS e(g, place, field, frame);
  RETURN json_build_object('plain', true, 'lastSeqs', last_seqs, 'firstTimes', first_times, 'counts', counts);
END
$$;

-- Where a set has an id: the seqs, in the set's origin, of the events that share the field.
CREATE FUNCTION foreshard.v1_seqs_of(of_set bigint, of_origin bigint, of_field bigint)
RETURNS TABLE (seq bigint)
LANGUAGE sql STABLE AS $$
  SELECT r.seq FROM foreshard.record r
    WHERE r.shardlet = of_origin AND r.field = of_field AND r.set_id = of_set
  UNION ALL
  SELECT i.seq FROM foreshard.id i WHERE i.set_id = of_set AND i.field = of_field
$$;

-- Stores events that are new. The place of an id in the index may be taken: by a forgotten set, which gives
-- it up, or by another event with the same field, beside which the id is kept.
CREATE FUNCTION foreshard.v1_store(
  shardlets bigint[], last_seqs bigint[], first_times bigint[], sets bigint[],
  groups bigint[], places bigint[], fields bigint[], frames bytea[], at_time bigint
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  beside bigint[];
BEGIN
  UPDATE foreshard.record old SET set_id = NULL
  FROM unnest(groups, fields) AS e(g, field)
  WHERE old.shardlet = shardlets[e.g] AND old.field = e.field AND old.set_id IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM foreshard.id_set s
      WHERE s.set_id = old.set_id AND (s.forget_at IS NULL OR s.forget_at > at_time));
  SELECT array_agg(e.event) INTO beside
  FROM (
    SELECT u.*, row_number() OVER (PARTITION BY u.g, u.field ORDER BY u.event) AS nth
    FROM unnest(groups, fields) WITH ORDINALITY AS u(g, field, event)
  ) e
  WHERE e.nth > 1 OR EXISTS (
    SELECT FROM foreshard.record taken
    WHERE taken.shardlet = shardlets[e.g] AND taken.field = e.field AND taken.set_id IS NOT NULL);

  INSERT INTO foreshard.record (shardlet, seq, ts, set_id, field, frame)
    SELECT shardlets[e.g], last_seqs[e.g] + e.place, first_times[e.g] + e.place - 1,
      CASE WHEN e.event <> ALL (coalesce(beside, '{}')) THEN sets[e.g] END, e.field, e.frame
    FROM unnest(groups, places, fields, frames) WITH ORDINALITY AS e(g, place, field, frame, event);
  IF beside IS NOT NULL THEN
    INSERT INTO foreshard.id (set_id, field, seq)
      SELECT sets[groups[b.event]], fields[b.event], last_seqs[groups[b.event]] + places[b.event]
      FROM unnest(beside) AS b(event);
    UPDATE foreshard.id_set SET has_aside = true
      WHERE set_id IN (SELECT sets[groups[b.event]] FROM unnest(beside) AS b(event));
    UPDATE foreshard.replica SET looks_elsewhere = true
      WHERE shardlet IN (SELECT shardlets[groups[b.event]] FROM unnest(beside) AS b(event));
  END IF;
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
