-- What people remark about a time: "sale begins". Removed ones are kept, so that a removal can be undone.
CREATE TABLE "annotation" (
    "id" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "from_ms" BIGINT NOT NULL,
    "to_ms" BIGINT NOT NULL,
    "range_from" TEXT,
    "range_to" TEXT,
    "text" TEXT NOT NULL,
    "created_ms" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL,
    "removed_ms" BIGINT,
    "removed_by" TEXT,

    CONSTRAINT "annotation_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "annotation_time" CHECK ("to_ms" >= "from_ms"),
    CONSTRAINT "annotation_range" CHECK (("range_from" IS NULL) = ("range_to" IS NULL))
);

-- CreateIndex
CREATE INDEX "annotation_stream_from_ms_idx" ON "annotation"("stream", "from_ms");
