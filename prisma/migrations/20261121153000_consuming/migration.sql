-- CreateTable
CREATE TABLE "consumer_group" (
    "name" TEXT NOT NULL,
    "stream" BIGINT NOT NULL,
    "session_ms" INTEGER NOT NULL,
    "push" JSONB,
    "version" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "consumer_group_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "consumer_member" (
    "group" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "seen_at_ms" BIGINT NOT NULL,

    CONSTRAINT "consumer_member_pkey" PRIMARY KEY ("group","id")
);

-- CreateTable
CREATE TABLE "consumer_checkpoint" (
    "group" TEXT NOT NULL,
    "shardlet" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "assignment" BIGINT NOT NULL,
    "member" TEXT,
    "revoking" BOOLEAN NOT NULL DEFAULT false,
    "skipped" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "consumer_checkpoint_pkey" PRIMARY KEY ("group","shardlet")
);

-- AddForeignKey
ALTER TABLE "consumer_member" ADD CONSTRAINT "consumer_member_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consumer_checkpoint" ADD CONSTRAINT "consumer_checkpoint_group_fkey" FOREIGN KEY ("group") REFERENCES "consumer_group"("name") ON DELETE CASCADE ON UPDATE CASCADE;
