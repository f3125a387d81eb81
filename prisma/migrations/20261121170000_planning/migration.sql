-- CreateTable
CREATE TABLE "policy_version" (
    "version" BIGINT NOT NULL,
    "policy" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "note" TEXT NOT NULL,
    "created_ms" BIGINT NOT NULL,
    "effective_ms" BIGINT NOT NULL,

    CONSTRAINT "policy_version_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "plan_decision" (
    "id" BIGSERIAL NOT NULL,
    "at_ms" BIGINT NOT NULL,
    "last_ms" BIGINT NOT NULL,
    "times" INTEGER NOT NULL,
    "essence" TEXT NOT NULL,
    "topology_version" BIGINT NOT NULL,
    "policy_version" BIGINT NOT NULL,
    "actions" INTEGER NOT NULL,
    "nothing_because" TEXT,
    "document" TEXT NOT NULL,

    CONSTRAINT "plan_decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "recommendation" (
    "id" BIGSERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "essence" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "topology_version" BIGINT NOT NULL,
    "policy_version" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "first_ms" BIGINT NOT NULL,
    "last_ms" BIGINT NOT NULL,
    "expires_ms" BIGINT NOT NULL,
    "decided_by" TEXT,
    "decided_ms" BIGINT,
    "note" TEXT NOT NULL DEFAULT '',
    "not_before_ms" BIGINT,
    "moves" TEXT NOT NULL DEFAULT '[]',
    "result" TEXT NOT NULL DEFAULT '',
    "ended_ms" BIGINT,
    "realised" TEXT,

    CONSTRAINT "recommendation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "policy_version_effective_ms_idx" ON "policy_version"("effective_ms");

-- CreateIndex
CREATE INDEX "plan_decision_at_ms_idx" ON "plan_decision"("at_ms");

-- CreateIndex
CREATE INDEX "recommendation_state_id_idx" ON "recommendation"("state", "id");

-- CreateIndex
CREATE INDEX "recommendation_key_id_idx" ON "recommendation"("key", "id");
