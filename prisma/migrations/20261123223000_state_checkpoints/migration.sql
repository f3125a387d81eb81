-- AlterTable
ALTER TABLE "consumer_group" ADD COLUMN     "checkpointing" JSONB;

-- AlterTable
ALTER TABLE "consumer_member" ADD COLUMN     "rate_per_second" DOUBLE PRECISION;

-- CreateTable
CREATE TABLE "consumer_state_checkpoint" (
    "id" UUID NOT NULL,
    "group" TEXT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "assignment" BIGINT NOT NULL,
    "member" TEXT NOT NULL,
    "handler_version" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "base" UUID,
    "bytes" BIGINT NOT NULL,
    "keys" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "object" TEXT NOT NULL,
    "store" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "valid_at" TIMESTAMPTZ(3),
    "took_ms" INTEGER,
    "verified_at" TIMESTAMPTZ(3),
    "verify_error" TEXT,

    CONSTRAINT "consumer_state_checkpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consumer_state_object" (
    "name" TEXT NOT NULL,
    "part" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "consumer_state_object_pkey" PRIMARY KEY ("name","part")
);

-- CreateTable
CREATE TABLE "consumer_recovery" (
    "id" BIGSERIAL NOT NULL,
    "group" TEXT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "restore_ms" INTEGER NOT NULL,
    "bytes" BIGINT NOT NULL,
    "replayed_events" BIGINT NOT NULL,
    "replay_ms" INTEGER NOT NULL,
    "from_log" BOOLEAN NOT NULL DEFAULT false,
    "lost_events" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "consumer_recovery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consumer_recovery_model" (
    "group" TEXT NOT NULL,
    "model" JSONB NOT NULL,
    "fitted_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consumer_recovery_model_pkey" PRIMARY KEY ("group")
);

-- CreateTable
CREATE TABLE "consumer_checkpoint_due" (
    "group" TEXT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "verdict" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consumer_checkpoint_due_pkey" PRIMARY KEY ("group","shardlet")
);

-- CreateTable
CREATE TABLE "shardlet_weight" (
    "stream" BIGINT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "p90_per_second" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "shardlet_weight_pkey" PRIMARY KEY ("stream","shardlet")
);

-- CreateIndex
CREATE INDEX "consumer_state_checkpoint_group_shardlet_seq_idx" ON "consumer_state_checkpoint"("group", "shardlet", "seq");

-- CreateIndex
CREATE INDEX "consumer_state_checkpoint_base_idx" ON "consumer_state_checkpoint"("base");

-- CreateIndex
CREATE INDEX "consumer_recovery_group_at_idx" ON "consumer_recovery"("group", "at");

-- AddForeignKey
ALTER TABLE "consumer_state_checkpoint" ADD CONSTRAINT "consumer_state_checkpoint_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consumer_recovery" ADD CONSTRAINT "consumer_recovery_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consumer_recovery_model" ADD CONSTRAINT "consumer_recovery_model_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consumer_checkpoint_due" ADD CONSTRAINT "consumer_checkpoint_due_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;
