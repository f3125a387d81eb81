-- The generations of id sets: opened and closed with the replica they belong to, referred to by children,
-- forgotten one window after their closing and not before.

-- REQUIRES the replica locked and without a current set.
CREATE FUNCTION foreshard.v1_open_set(at_shardlet bigint, at_time bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  r foreshard.replica;
  opened bigint;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  INSERT INTO foreshard.id_set (name, origin)
    VALUES (format('%s.%s.%s', at_shardlet, r.born_at, r.generation + 1), at_shardlet)
    RETURNING set_id INTO opened;
  UPDATE foreshard.replica
    SET generation = generation + 1, current_set = opened, current_count = 0, set_opened_at = at_time
    WHERE shardlet = at_shardlet;
END
$$;

-- An empty set is not worth a reference. REQUIRES the replica locked and with a current set.
CREATE FUNCTION foreshard.v1_close_set(at_shardlet bigint, at_time bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  r foreshard.replica;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.current_count = 0 THEN
    DELETE FROM foreshard.id_set WHERE set_id = r.current_set;
    UPDATE foreshard.replica SET current_set = NULL WHERE shardlet = at_shardlet;
  ELSE
    UPDATE foreshard.id_set SET forget_at = at_time + r.window_micros, count = r.current_count
      WHERE set_id = r.current_set;
    UPDATE foreshard.replica
      SET current_set = NULL, current_count = 0, known_sets = current_set || known_sets
      WHERE shardlet = at_shardlet;
  END IF;
END
$$;

-- The replica goes: sets to which no other refers lose their name and are freed by v1_forget_ids.
-- REQUIRES the membership lock and the replica locked.
CREATE FUNCTION foreshard.v1_release_sets(r foreshard.replica) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE foreshard.id_set s SET name = NULL, forget_at = 0
    WHERE s.set_id = ANY (r.current_set || r.known_sets)
      AND NOT EXISTS (
        SELECT FROM foreshard.replica other
        WHERE other.known_sets @> ARRAY[s.set_id] AND other.shardlet <> r.shardlet);
END
$$;

-- Frees at most `most` ids of forgotten sets and answers how many; ids that are with their records go
-- with them. The row of a set to which a shadow
-- refers stays: `ready` asks whether the set was there, and its answer must not depend on when this ran.
CREATE FUNCTION foreshard.v1_forget_ids(most bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  forgotten record;
  freed bigint := 0;
  portion bigint;
BEGIN
  PERFORM foreshard.v1_enter();
  PERFORM foreshard.v1_lock_membership();
  FOR forgotten IN
    SELECT set_id FROM foreshard.id_set WHERE forget_at <= foreshard.v1_clock() ORDER BY set_id
  LOOP
    DELETE FROM foreshard.id i USING (
        SELECT field, seq FROM foreshard.id WHERE set_id = forgotten.set_id LIMIT most - freed
      ) gone
      WHERE i.set_id = forgotten.set_id AND i.field = gone.field AND i.seq = gone.seq;
    GET DIAGNOSTICS portion = ROW_COUNT;
    freed := freed + portion;
    EXIT WHEN freed >= most;
    PERFORM foreshard.v1_forget_set(forgotten.set_id);
  END LOOP;
  RETURN freed;
END
$$;

CREATE FUNCTION foreshard.v1_forget_set(at_set bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM foreshard.replica WHERE known_sets @> ARRAY[at_set] ORDER BY shardlet FOR NO KEY UPDATE;
  UPDATE foreshard.replica r SET
      known_sets = array_remove(r.known_sets, at_set),
      looks_elsewhere = EXISTS (
        SELECT FROM foreshard.id_set s
        WHERE s.set_id = ANY (r.current_set || array_remove(r.known_sets, at_set))
          AND (s.origin <> r.shardlet OR s.has_aside))
    WHERE r.known_sets @> ARRAY[at_set] AND r.mode <> 'shadow';
  DELETE FROM foreshard.id_set s
    WHERE set_id = at_set
      AND NOT EXISTS (SELECT FROM foreshard.replica WHERE known_sets @> ARRAY[s.set_id]);
  -- to a shadow that still refers to it, it stays forgotten also when the clock is set back: its ids are gone
  UPDATE foreshard.id_set SET forget_at = 0 WHERE set_id = at_set;
END
$$;

-- The sets that a replica inherits: complete, of another origin, not forgotten, in the order of look-up.
CREATE FUNCTION foreshard.v1_inherited(r foreshard.replica) RETURNS SETOF foreshard.id_set
LANGUAGE sql STABLE AS $$
  SELECT s.*
  FROM unnest(r.known_sets) WITH ORDINALITY k(set_id, place) JOIN foreshard.id_set s USING (set_id)
  WHERE s.complete AND s.origin <> r.shardlet AND s.forget_at > foreshard.v1_clock()
  ORDER BY k.place
$$;

-- The ids of a set from a field on, wherever they are; of each place at most `most`, lowest first.
CREATE FUNCTION foreshard.v1_ids(of_set bigint, of_origin bigint, from_field bigint, most int)
RETURNS TABLE (field bigint, seq bigint)
LANGUAGE sql STABLE AS $$
  (SELECT r.field, r.seq FROM foreshard.record r
    WHERE r.shardlet = of_origin AND r.set_id = of_set AND r.field >= from_field ORDER BY r.field LIMIT most)
  UNION ALL
  (SELECT i.field, i.seq FROM foreshard.id i
    WHERE i.set_id = of_set AND i.field >= from_field ORDER BY i.field LIMIT most)
$$;

-- A chunk of an inherited set. A cursor is the upper 48 bits of a field; a chunk ends where they change.
CREATE FUNCTION foreshard.v1_read_ids(at_shardlet bigint, set_name text, from_cursor bigint, most int)
RETURNS TABLE (field bytea, seq bigint, next_cursor bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r foreshard.replica;
  found foreshard.id_set;
  chunk_end bigint;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet AND mode <> 'dropped';
  SELECT * INTO found FROM foreshard.v1_inherited(r) WHERE name = set_name;
  SELECT i.field >> 8 INTO chunk_end FROM foreshard.v1_ids(found.set_id, found.origin, from_cursor << 8, most + 1) i
    ORDER BY i.field OFFSET most LIMIT 1;
  -- more than `most` ids that agree in 48 bits are one chunk
  IF chunk_end = from_cursor THEN chunk_end := chunk_end + 1; END IF;
  RETURN QUERY
    SELECT substring(int8send(i.field) FROM 2), i.seq, chunk_end
    FROM foreshard.v1_ids(found.set_id, found.origin, from_cursor << 8, NULL) i
    WHERE chunk_end IS NULL OR i.field < chunk_end << 8;
END
$$;
