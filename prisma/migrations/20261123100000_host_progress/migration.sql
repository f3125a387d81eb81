-- The decision that accepted the last loss of a host. Answers of another generation are not its own.
ALTER TABLE "host" ADD COLUMN "generation" BIGINT NOT NULL DEFAULT 0;
