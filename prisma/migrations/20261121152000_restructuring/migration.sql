-- CreateTable
CREATE TABLE "move" (
    "next_epoch" BIGINT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "source" BIGINT NOT NULL,
    "dest" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deadline_at" TIMESTAMPTZ(3),
    "order" TEXT NOT NULL DEFAULT 'go',
    "order_reason" TEXT NOT NULL DEFAULT '',
    "ordered_by" TEXT,
    "ordered_at" TIMESTAMPTZ(3),
    "bytes_per_second_max" BIGINT,
    "phase" TEXT NOT NULL DEFAULT 'prepare',
    "worker" TEXT,
    "started_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "records" BIGINT NOT NULL DEFAULT 0,
    "bytes_per_second" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "source_seq" BIGINT NOT NULL DEFAULT 0,
    "copied_seq" BIGINT NOT NULL DEFAULT 0,
    "obstacle" TEXT NOT NULL DEFAULT '',
    "ended_at" TIMESTAMPTZ(3),
    "result" TEXT,
    "detail" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "move_pkey" PRIMARY KEY ("next_epoch")
);

-- CreateTable
CREATE TABLE "move_step" (
    "id" BIGSERIAL NOT NULL,
    "next_epoch" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "worker" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "detail" TEXT NOT NULL,

    CONSTRAINT "move_step_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "move_control" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT NOT NULL DEFAULT '',
    "changed_by" TEXT,
    "changed_at" TIMESTAMPTZ(3),
    "bytes_per_second_max" BIGINT,
    "concurrency_max" INTEGER NOT NULL DEFAULT 4,

    CONSTRAINT "move_control_pkey" PRIMARY KEY ("one")
);

-- CreateIndex
CREATE INDEX "move_shardlet_idx" ON "move"("shardlet");

-- CreateIndex
CREATE INDEX "move_ended_at_idx" ON "move"("ended_at");

-- CreateIndex
CREATE INDEX "move_step_next_epoch_idx" ON "move_step"("next_epoch");
