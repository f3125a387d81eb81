-- Rows of the audit log are added and never changed; only pruning removes them, and says so in its transaction. This is a
-- fence against mistakes: the owner of the database can take it away, which the chain then shows.
CREATE FUNCTION audit_fence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' AND current_setting('foreshard.audit_pruning', true) = 'on' THEN
    -- without a row where it stands for a whole statement
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege',
          HINT = 'The audit log is pruned by the worker: set AUDIT_RETENTION_DAYS.';
END
$$;

CREATE TRIGGER audit_row_fence BEFORE UPDATE OR DELETE ON audit_row
  FOR EACH ROW EXECUTE FUNCTION audit_fence();
CREATE TRIGGER audit_seal_fence BEFORE UPDATE OR DELETE ON audit_seal
  FOR EACH ROW EXECUTE FUNCTION audit_fence();
CREATE TRIGGER audit_anchor_fence BEFORE UPDATE OR DELETE ON audit_anchor
  FOR EACH ROW EXECUTE FUNCTION audit_fence();
CREATE TRIGGER audit_row_whole BEFORE TRUNCATE ON audit_row
  FOR EACH STATEMENT EXECUTE FUNCTION audit_fence();
CREATE TRIGGER audit_seal_whole BEFORE TRUNCATE ON audit_seal
  FOR EACH STATEMENT EXECUTE FUNCTION audit_fence();
CREATE TRIGGER audit_anchor_whole BEFORE TRUNCATE ON audit_anchor
  FOR EACH STATEMENT EXECUTE FUNCTION audit_fence();
