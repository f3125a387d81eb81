-- A group that reads what is re-driven of another one, and is removed with it.
ALTER TABLE "consumer_group" ADD COLUMN     "redrive_of" TEXT;
ALTER TABLE "consumer_group" ADD CONSTRAINT "consumer_group_redrive_of_fkey" FOREIGN KEY ("redrive_of") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- After so many refusals of its receiver an event of a group with an address becomes a dead letter.
ALTER TABLE "consumer_group" ADD COLUMN     "attempts" INTEGER;

-- What each group had processed every 15 seconds, for the last minutes: how fast it is.
CREATE TABLE "consumer_progress" (
    "group" TEXT NOT NULL,
    "at_ms" BIGINT NOT NULL,
    "processed" BIGINT NOT NULL,

    CONSTRAINT "consumer_progress_pkey" PRIMARY KEY ("group","at_ms")
);
ALTER TABLE "consumer_progress" ADD CONSTRAINT "consumer_progress_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;
