-- Looking at a host. All but the frontier, the promise and the mark change nothing and see one snapshot, in which everything is
-- committed and therefore durable.

-- The highest timestamp given or promised: what the host promised binds an open replica as well.
CREATE FUNCTION foreshard.v1_last(r foreshard.replica) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN r.mode = 'open' THEN greatest(r.last_ts, h.host_last) ELSE r.last_ts END
  FROM foreshard.host h
$$;

-- The records, then one row with the answer that goes with them. Looks at `most_records` at most, matching or
-- not, and stops once the bytes it gives reach `most_bytes`.
CREATE FUNCTION foreshard.v1_read(
  at_shardlet bigint, from_seq bigint, min_epoch bigint, most_records bigint, most_bytes bigint, key_hash bytea
) RETURNS TABLE (seq bigint, ts bigint, frame bytea, answer text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r foreshard.replica;
  held record;
  given_bytes bigint := 0;
  next_seq bigint := from_seq;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.mode IS NULL OR r.mode NOT IN ('open', 'sealed', 'ready') OR r.epoch < min_epoch THEN
    RETURN QUERY SELECT NULL::bigint, NULL::bigint, NULL::bytea, foreshard.v1_stale(r)::text;
    RETURN;
  END IF;
  IF from_seq < r.first_seq THEN
    RETURN QUERY SELECT NULL::bigint, NULL::bigint, NULL::bytea,
      jsonb_build_object('kind', 'gone', 'firstSeq', r.first_seq)::text;
    RETURN;
  END IF;
  FOR held IN
    SELECT h.seq, h.ts, h.frame FROM foreshard.record h
    WHERE h.shardlet = at_shardlet AND h.seq >= from_seq AND h.seq < from_seq + most_records ORDER BY h.seq
  LOOP
    next_seq := held.seq + 1;
    CONTINUE WHEN key_hash IS NOT NULL AND substring(held.frame FROM 5 FOR 4) <> key_hash;
    RETURN QUERY SELECT held.seq, held.ts, held.frame, NULL::text;
    given_bytes := given_bytes + length(held.frame);
    EXIT WHEN given_bytes >= most_bytes;
  END LOOP;
  RETURN QUERY SELECT NULL::bigint, NULL::bigint, NULL::bytea, jsonb_build_object(
    'kind', 'records', 'epoch', r.epoch, 'mode', r.mode, 'nextSeq', next_seq, 'lastSeq', r.last_seq,
    'last', foreshard.v1_last(r), 'atEnd', next_seq > r.last_seq)::text;
END
$$;

-- The first seq with a later ts, by bisection, since ts rises with seq.
CREATE FUNCTION foreshard.v1_seek(at_shardlet bigint, after_ts bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r foreshard.replica;
  low bigint;
  high bigint;
  middle bigint;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.mode IS NULL OR r.mode NOT IN ('open', 'sealed', 'ready') THEN RETURN foreshard.v1_stale(r); END IF;
  low := r.first_seq;
  high := r.last_seq + 1;
  WHILE low < high LOOP
    middle := (low + high) / 2;
    IF (SELECT ts FROM foreshard.record WHERE shardlet = at_shardlet AND seq = middle) > after_ts
      THEN high := middle; ELSE low := middle + 1; END IF;
  END LOOP;
  RETURN jsonb_build_object('kind', 'seq', 'seq', low);
END
$$;

-- Bytes of the records from..to; the lengths of large frames are known without reading them.
CREATE FUNCTION foreshard.v1_bytes_in(at_shardlet bigint, from_seq bigint, to_seq bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r foreshard.replica;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.mode IS NULL OR r.mode NOT IN ('open', 'sealed', 'ready') THEN RETURN foreshard.v1_stale(r); END IF;
  IF from_seq < r.first_seq THEN
    RETURN jsonb_build_object('kind', 'gone', 'firstSeq', r.first_seq);
  END IF;
  RETURN jsonb_build_object('kind', 'bytes', 'bytes', (
    SELECT coalesce(sum(length(h.frame)), 0) FROM foreshard.record h
    WHERE h.shardlet = at_shardlet AND h.seq BETWEEN from_seq AND to_seq));
END
$$;

-- A promise, with all that changed since. `since` is the number of the last change that may be in the answer.
-- A scan of the table is right here: an index on what every append changes would cost each of them more.
CREATE FUNCTION foreshard.v1_promised(promise bigint, since bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET enable_seqscan = on AS $$
BEGIN
  RETURN jsonb_build_object(
    'hostLast', promise,
    'changed', coalesce(
      (SELECT jsonb_agg(foreshard.v1_info(r) ORDER BY r.shardlet)
        FROM foreshard.replica r WHERE r.change > since), '[]'),
    'since', (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM foreshard.change));
END
$$;

-- Alone: every append in flight ends before, every later one gets a higher ts; so the promise and the changes
-- are of one moment.
CREATE FUNCTION foreshard.v1_frontier(up_to bigint, since bigint, lag bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter_alone();
  promise bigint := greatest(host.host_last, least(up_to, foreshard.v1_clock() - lag));
  answer jsonb;
BEGIN
  UPDATE foreshard.host SET host_last = promise WHERE host_last < promise;
  answer := foreshard.v1_promised(promise, since);
  IF promise > host.host_last THEN PERFORM foreshard.v1_count(); END IF;
  RETURN answer;
END
$$;

-- For how many microseconds the promise that is committed is younger than `age`; none: 0 or less. A promise is as far
-- behind the clock as `lag` when it is made.
CREATE FUNCTION foreshard.v1_promise_rest(lag bigint, age bigint) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT h.host_last + lag + age - foreshard.v1_clock() FROM foreshard.host h
$$;

-- A promise at most `age` old, whoever made it: appends then wait once in that time, however many ask. Of those who
-- find it older one makes the next, the others wait for that one. Answers for how long it will do. To be told by
-- v1_news, in a transaction of its own: a list of what changed is not read while appends wait.
CREATE FUNCTION foreshard.v1_promise(lag bigint, age bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  rest bigint := foreshard.v1_promise_rest(lag, age);
  host foreshard.host;
  promise bigint;
BEGIN
  IF rest > 0 THEN RETURN least(rest, age); END IF;
  PERFORM pg_advisory_xact_lock(1718579813, 4);
  rest := foreshard.v1_promise_rest(lag, age);
  IF rest > 0 THEN RETURN least(rest, age); END IF;
  host := foreshard.v1_enter_alone();
  promise := foreshard.v1_clock() - lag;
  IF promise > host.host_last THEN
    UPDATE foreshard.host SET host_last = promise;
    PERFORM foreshard.v1_count();
  END IF;
  RETURN age;
END
$$;

-- What changed since, and what was promised, in the snapshot of the call: without a lock, so nobody waits for it.
-- `since` is a transaction of before the snapshot below which all had ended. What they changed was told; a row that
-- was written by it or a later one is told now, or again. No number of a change would do, as one that was drawn
-- earlier may be committed later. A promise that is in the snapshot was made when all appends below it were
-- committed, so they are in it too. `count_then` is the count of changes that went with `since`: where it is the
-- same still, nothing was changed, and nothing is looked at.
CREATE FUNCTION foreshard.v1_news(since bigint, count_then bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  host foreshard.host;
  oldest CONSTANT bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  count CONSTANT bigint := (SELECT sum(n) FROM foreshard.progress);
BEGIN
  SELECT * INTO host FROM foreshard.host;
  RETURN jsonb_build_object('hostLast', host.host_last, 'count', count) || CASE
    WHEN since > 0 AND count = count_then THEN jsonb_build_object('changed', '[]'::jsonb, 'since', since)
    ELSE jsonb_build_object('changed', foreshard.v1_written_since(since, oldest), 'since', oldest)
  END;
END
$$;

-- A row names its transaction by 32 bits, so what is further back than half of them is not told apart: then
-- everything is told, as for 0. A scan as well, without an order of its own.
CREATE FUNCTION foreshard.v1_written_since(since bigint, oldest bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET enable_seqscan = on AS $$
DECLARE
  everything CONSTANT int := 2147483647;
  reach CONSTANT int := CASE
    WHEN since <= 0 OR since > oldest OR oldest - since > 1000000000 THEN everything
    ELSE age((since % 4294967296)::text::xid)
  END;
BEGIN
  RETURN coalesce(
    (SELECT jsonb_agg(foreshard.v1_info(r) ORDER BY r.shardlet)
      FROM foreshard.replica r WHERE age(r.xmin) <= reach), '[]');
END
$$;

-- The mark `expected` becomes `next`, and the promise of a frontier is kept with it. Where it is `next`
-- already nothing changes, and the promise told is the one kept: a higher one would be no part of every state
-- that holds this mark.
CREATE FUNCTION foreshard.v1_mark(expected text, next text, up_to bigint, since bigint, lag bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter_alone();
  marked CONSTANT jsonb := '{"kind": "marked"}';
  promise bigint := greatest(host.host_last, least(up_to, foreshard.v1_clock() - lag));
  answer jsonb;
BEGIN
  IF host.mark = next THEN RETURN marked || foreshard.v1_promised(host.mark_promise, since); END IF;
  IF host.mark <> expected THEN RETURN jsonb_build_object('kind', 'otherMark', 'mark', host.mark); END IF;
  UPDATE foreshard.host SET host_last = promise, mark = next, mark_promise = promise;
  answer := marked || foreshard.v1_promised(promise, since);
  RETURN foreshard.v1_counted(answer);
END
$$;

CREATE FUNCTION foreshard.v1_describe(at_shardlet bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r foreshard.replica;
BEGIN
  SELECT * INTO r FROM foreshard.replica WHERE shardlet = at_shardlet;
  IF r.mode IS NULL OR r.mode = 'dropped' THEN RETURN foreshard.v1_stale(r); END IF;
  RETURN foreshard.v1_info(r) || jsonb_build_object(
    'stream', r.stream,
    'range', jsonb_build_object(
      'from', jsonb_build_object('hi', r.from_hi, 'lo', r.from_lo),
      'to', jsonb_build_object('hi', r.to_hi, 'lo', r.to_lo)),
    'last', foreshard.v1_last(r),
    'inheritedIdSets', coalesce(
      (SELECT jsonb_agg(jsonb_build_object(
          'name', s.name, 'origin', s.origin, 'count', s.count,
          'timeLeftMicros', s.forget_at - foreshard.v1_clock()))
        FROM foreshard.v1_inherited(r) s), '[]'),
    'bytes', r.bytes);
END
$$;

-- Every replica and tombstone, ordered by shardlet.
CREATE FUNCTION foreshard.v1_list(after_shardlet bigint, most bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(foreshard.v1_info(listed.r) ORDER BY (listed.r).shardlet), '[]') FROM (
    SELECT r FROM foreshard.replica r WHERE shardlet > after_shardlet ORDER BY shardlet LIMIT most
  ) listed
$$;

CREATE FUNCTION foreshard.v1_identify() RETURNS jsonb
LANGUAGE sql VOLATILE AS $$
  SELECT jsonb_build_object(
    'hostId', h.host_id, 'mark', h.mark, 'markPromise', h.mark_promise, 'clockMicros', foreshard.v1_clock()) FROM foreshard.host h
$$;

CREATE FUNCTION foreshard.v1_usage() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT pg_database_size(current_database())
$$;
