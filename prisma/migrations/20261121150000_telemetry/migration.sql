-- CreateTable
CREATE TABLE "telemetry_block" (
    "stream" BIGINT NOT NULL,
    "level" TEXT NOT NULL,
    "part" TEXT NOT NULL,
    "start_ms" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "telemetry_block_pkey" PRIMARY KEY ("stream","level","part","start_ms","source")
);

-- CreateTable
CREATE TABLE "telemetry_feed" (
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,

    CONSTRAINT "telemetry_feed_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "telemetry_block_level_part_start_ms_idx" ON "telemetry_block"("level", "part", "start_ms");

-- It is compressed already: PostgreSQL would only try again.
ALTER TABLE "telemetry_block" ALTER COLUMN "data" SET STORAGE EXTERNAL;
