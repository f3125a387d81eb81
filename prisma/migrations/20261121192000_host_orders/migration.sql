-- CreateTable
CREATE TABLE "host_order" (
    "recommendation" BIGINT NOT NULL,
    "provider" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "zone" TEXT NOT NULL,
    "after_host" BIGINT NOT NULL,
    "host" BIGINT,
    "host_name" TEXT NOT NULL DEFAULT '',
    "host_url" TEXT NOT NULL DEFAULT '',
    "state" TEXT NOT NULL,
    "detail" TEXT NOT NULL DEFAULT '',
    "created_ms" BIGINT NOT NULL,

    CONSTRAINT "host_order_pkey" PRIMARY KEY ("recommendation")
);

-- CreateIndex
CREATE INDEX "host_order_state_idx" ON "host_order"("state");
