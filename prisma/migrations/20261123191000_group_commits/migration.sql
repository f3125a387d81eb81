-- Whoever keeps positions of a member sees by its count of commits that they are old.
ALTER TABLE "consumer_member" ADD COLUMN     "commits" BIGINT NOT NULL DEFAULT 0;
