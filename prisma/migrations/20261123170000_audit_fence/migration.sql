-- Rows of the audit log are added and never changed. Only pruning removes them, and says so in its transaction. This is a
-- fence against mistakes: the owner of the database can take it away, which the chain then shows.
-- The body writes its semicolons as \073: Prisma's engine over a driver adapter parts a migration at each of them.
-- Where a trigger stands for a whole statement, OLD is null and not looked at.
CREATE FUNCTION audit_fence() RETURNS trigger LANGUAGE plpgsql AS E'
BEGIN
  IF TG_OP <> \'UPDATE\' AND current_setting(\'foreshard.audit_pruning\', true) = \'on\' THEN
    RETURN OLD\073
  END IF\073
  RAISE EXCEPTION \'rows of % are never changed or removed\', TG_TABLE_NAME
    USING ERRCODE = \'insufficient_privilege\',
          HINT = \'The audit log is pruned by the worker: set AUDIT_RETENTION_DAYS.\'\073
END
';

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
