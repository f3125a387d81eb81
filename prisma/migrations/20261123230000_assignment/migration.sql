-- AlterTable
ALTER TABLE "consumer_group" ADD COLUMN     "drain_minutes" INTEGER;

-- AlterTable
ALTER TABLE "consumer_progress" ADD COLUMN     "members" INTEGER;

-- CreateTable
CREATE TABLE "consumer_outlook" (
    "group" TEXT NOT NULL,
    "member_rate" DOUBLE PRECISION,
    "wanted_now" INTEGER,
    "wanted_ahead" INTEGER,
    "members" INTEGER NOT NULL,
    "more_from_ms" BIGINT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consumer_outlook_pkey" PRIMARY KEY ("group")
);

-- AddForeignKey
ALTER TABLE "consumer_outlook" ADD CONSTRAINT "consumer_outlook_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;
