-- AlterTable
ALTER TABLE "clock" ADD COLUMN     "restored" JSONB;

-- CreateTable
CREATE TABLE "profile_period" (
    "resolution" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "shardlets" INTEGER NOT NULL,
    "samples" BIGINT NOT NULL,
    "payload" BYTEA NOT NULL,

    CONSTRAINT "profile_period_pkey" PRIMARY KEY ("resolution","at")
);

-- CreateTable
CREATE TABLE "profile_cursor" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "entry" TEXT NOT NULL DEFAULT '0-0',

    CONSTRAINT "profile_cursor_pkey" PRIMARY KEY ("one")
);

-- CreateTable
CREATE TABLE "health_period" (
    "resolution" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "payload" BYTEA NOT NULL,

    CONSTRAINT "health_period_pkey" PRIMARY KEY ("resolution","at")
);

-- The one row that a merge locks.
ALTER TABLE "profile_cursor" ADD CONSTRAINT "profile_cursor_one" CHECK ("one");
INSERT INTO "profile_cursor" DEFAULT VALUES;
