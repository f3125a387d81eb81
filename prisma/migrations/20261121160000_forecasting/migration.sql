-- CreateTable
CREATE TABLE "forecast_origin" (
    "stream" BIGINT NOT NULL,
    "resolution" TEXT NOT NULL,
    "origin_ms" BIGINT NOT NULL,
    "payload" BYTEA NOT NULL,

    CONSTRAINT "forecast_origin_pkey" PRIMARY KEY ("stream","resolution","origin_ms")
);

-- CreateTable
CREATE TABLE "forecast_state" (
    "stream" BIGINT NOT NULL,
    "resolution" TEXT NOT NULL,
    "state" TEXT NOT NULL,

    CONSTRAINT "forecast_state_pkey" PRIMARY KEY ("stream","resolution")
);

-- CreateTable
CREATE TABLE "model_version" (
    "id" BIGSERIAL NOT NULL,
    "stream" BIGINT NOT NULL,
    "resolution" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "members" TEXT NOT NULL,
    "window_from_ms" BIGINT NOT NULL,
    "window_to_ms" BIGINT NOT NULL,
    "parameters" TEXT NOT NULL,
    "mae" DOUBLE PRECISION NOT NULL,
    "rmse" DOUBLE PRECISION NOT NULL,
    "mase" DOUBLE PRECISION NOT NULL,
    "wape" DOUBLE PRECISION NOT NULL,
    "pinball" DOUBLE PRECISION NOT NULL,
    "coverage" DOUBLE PRECISION NOT NULL,
    "fit_ms" DOUBLE PRECISION NOT NULL,
    "origins" INTEGER NOT NULL,
    "naive_mae" DOUBLE PRECISION NOT NULL,
    "run" BIGINT NOT NULL,
    "created_ms" BIGINT NOT NULL,

    CONSTRAINT "model_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_promotion" (
    "id" BIGSERIAL NOT NULL,
    "stream" BIGINT NOT NULL,
    "resolution" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "previous" BIGINT,
    "at_ms" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "model_promotion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "training_run" (
    "id" BIGSERIAL NOT NULL,
    "stream" BIGINT,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "started_ms" BIGINT NOT NULL,
    "seen_ms" BIGINT NOT NULL,
    "ended_ms" BIGINT,
    "detail" TEXT NOT NULL DEFAULT '',
    "log" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "training_run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "hint" (
    "id" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "from_ms" BIGINT NOT NULL,
    "to_ms" BIGINT NOT NULL,
    "factor" DOUBLE PRECISION,
    "per_second" DOUBLE PRECISION,
    "scope" TEXT NOT NULL,
    "repeat" TEXT,
    "because" TEXT NOT NULL,
    "created_ms" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL,
    "removed_ms" BIGINT,
    "removed_by" TEXT,

    CONSTRAINT "hint_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "model_version_stream_resolution_id_idx" ON "model_version"("stream", "resolution", "id");

-- CreateIndex
CREATE INDEX "model_promotion_stream_resolution_id_idx" ON "model_promotion"("stream", "resolution", "id");

-- CreateIndex
CREATE INDEX "hint_stream_to_ms_idx" ON "hint"("stream", "to_ms");
