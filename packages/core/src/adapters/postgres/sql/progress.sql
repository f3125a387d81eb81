-- The proof that this host has not gone back to an older state (hosts/progress.ts): every answer carries the
-- host's generation and the count of the calls that changed something. A count is the caller's once its
-- transaction is committed, which is before its answer leaves.

-- To be called last by whatever changed something: who waits here for a row waits for one that needs no
-- more locks.
CREATE FUNCTION foreshard.v1_count() RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE foreshard.progress SET n = n + 1 WHERE slot = pg_backend_pid() % 64;
END
$$;

CREATE FUNCTION foreshard.v1_counted(answer jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM foreshard.v1_count();
  RETURN answer;
END
$$;

-- With the answer of a call, which is made before this: its own change is in the count, and `own` tells
-- whether there was one. REQUIRES that v1_count was not called in a subtransaction.
CREATE FUNCTION foreshard.v1_with_progress(
  INOUT answer anyelement, OUT generation bigint, OUT count bigint, OUT own int
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  SELECT (SELECT h.generation FROM foreshard.host h), sum(p.n),
    count(*) FILTER (WHERE p.xmin = pg_current_xact_id_if_assigned()::xid)
  INTO generation, count, own FROM foreshard.progress p;
END
$$;

-- Beside rows, in the snapshot in which they are seen.
CREATE FUNCTION foreshard.v1_progress(OUT generation bigint, OUT count bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  SELECT (SELECT h.generation FROM foreshard.host h), sum(p.n) INTO generation, count FROM foreshard.progress p;
END
$$;

-- Begins a new generation and promises, once the clock is past it. A repeat, and one of a lower generation,
-- change nothing.
CREATE FUNCTION foreshard.v1_admit(at_generation bigint, promise bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  host foreshard.host := foreshard.v1_enter_alone();
  at_time bigint := foreshard.v1_clock();
BEGIN
  IF at_generation <= host.generation THEN RETURN '{"kind": "admitted"}'; END IF;
  IF at_time < promise THEN RETURN jsonb_build_object('kind', 'behind', 'byMicros', promise - at_time); END IF;
  UPDATE foreshard.host SET generation = at_generation, host_last = greatest(host_last, promise);
  RETURN foreshard.v1_counted('{"kind": "admitted"}');
END
$$;
