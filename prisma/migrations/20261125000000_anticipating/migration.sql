-- What is learned of the order of events. A slice belongs to the worker that has its lease. The fence refuses what an
-- earlier holder writes.
CREATE TABLE "correlation_slice" (
    "stream" INTEGER NOT NULL,
    "slice" INTEGER NOT NULL,
    "settings" JSONB NOT NULL,
    "holder" TEXT,
    "fence" BIGINT NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "progress" JSONB,
    "snapshot" BYTEA,
    "digest" BYTEA,
    "saved_at" TIMESTAMPTZ(3),
    "report" JSONB,

    CONSTRAINT "correlation_slice_pkey" PRIMARY KEY ("stream","slice")
);

-- A worker that shares the slices.
CREATE TABLE "correlation_worker" (
    "worker" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "correlation_worker_pkey" PRIMARY KEY ("worker")
);
