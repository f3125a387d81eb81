-- CreateTable
CREATE TABLE "webhook_target" (
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "kinds" TEXT NOT NULL,
    "pause_seconds" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "quiet_until_ms" BIGINT NOT NULL DEFAULT 0,
    "created_ms" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "webhook_target_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "id" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "next_ms" BIGINT NOT NULL,
    "created_ms" BIGINT NOT NULL,
    "attempts" TEXT NOT NULL DEFAULT '[]',

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notice_told" (
    "target" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "at_ms" BIGINT NOT NULL,

    CONSTRAINT "notice_told_pkey" PRIMARY KEY ("target","subject")
);

-- CreateTable
CREATE TABLE "alarm" (
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "since_ms" BIGINT NOT NULL,
    "ended_ms" BIGINT,

    CONSTRAINT "alarm_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "webhook_delivery_state_next_ms_idx" ON "webhook_delivery"("state", "next_ms");

-- CreateIndex
CREATE INDEX "webhook_delivery_target_created_ms_idx" ON "webhook_delivery"("target", "created_ms");

-- CreateIndex
CREATE INDEX "webhook_delivery_created_ms_idx" ON "webhook_delivery"("created_ms");

-- CreateIndex
CREATE INDEX "notice_told_at_ms_idx" ON "notice_told"("at_ms");

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_target_fkey" FOREIGN KEY ("target") REFERENCES "webhook_target"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice_told" ADD CONSTRAINT "notice_told_target_fkey" FOREIGN KEY ("target") REFERENCES "webhook_target"("name") ON DELETE CASCADE ON UPDATE CASCADE;
