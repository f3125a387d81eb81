-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "clock" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "version" BIGINT NOT NULL DEFAULT 0,
    "next_shardlet" BIGINT NOT NULL DEFAULT 1,
    "next_stream" BIGINT NOT NULL DEFAULT 1,
    "next_host" BIGINT NOT NULL DEFAULT 1,

    CONSTRAINT "clock_pkey" PRIMARY KEY ("one")
);

-- CreateTable
CREATE TABLE "stream" (
    "id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "shard_count" INTEGER NOT NULL,
    "split_keys" BOOLEAN NOT NULL,
    "retention_ms" BIGINT,
    "retention_bytes" BIGINT,
    "dedup_window_ms" BIGINT NOT NULL,

    CONSTRAINT "stream_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host" (
    "id" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "engine" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "incarnation" TEXT NOT NULL,
    "durability" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "readmission" JSONB,

    CONSTRAINT "host_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "shardlet" (
    "id" BIGINT NOT NULL,
    "stream" BIGINT NOT NULL,
    "shard" INTEGER NOT NULL,
    "range_from" TEXT NOT NULL,
    "range_to" TEXT NOT NULL,
    "owner" BIGINT NOT NULL,
    "other_host" BIGINT,
    "epoch" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" JSONB NOT NULL,
    "parents" JSONB NOT NULL,
    "lost" JSONB NOT NULL,

    CONSTRAINT "shardlet_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "garbage" (
    "host" BIGINT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "since" BIGINT NOT NULL,

    CONSTRAINT "garbage_pkey" PRIMARY KEY ("host","shardlet","epoch")
);

-- CreateTable
CREATE TABLE "change" (
    "version" BIGINT NOT NULL,
    "at" BIGINT NOT NULL,
    "decision" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "payload" JSONB NOT NULL,

    CONSTRAINT "change_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "api_token" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "stream_name_key" ON "stream"("name");

-- CreateIndex
CREATE UNIQUE INDEX "host_name_key" ON "host"("name");

-- CreateIndex
CREATE UNIQUE INDEX "host_url_key" ON "host"("url");

-- CreateIndex
CREATE INDEX "shardlet_stream_idx" ON "shardlet"("stream");

-- CreateIndex
CREATE INDEX "shardlet_owner_idx" ON "shardlet"("owner");

-- CreateIndex
CREATE INDEX "shardlet_other_host_idx" ON "shardlet"("other_host");

-- CreateIndex
CREATE UNIQUE INDEX "api_token_hash_key" ON "api_token"("hash");

-- The one row that every decision updates first.
ALTER TABLE "clock" ADD CONSTRAINT "clock_one" CHECK ("one");
INSERT INTO "clock" DEFAULT VALUES;
