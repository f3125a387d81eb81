-- Plans: what the planner proposes together. An older release leaves the new columns empty.
-- AlterTable
ALTER TABLE "recommendation" ADD COLUMN     "plan_id" BIGINT,
ADD COLUMN     "replaced_by" BIGINT;

-- CreateTable
CREATE TABLE "plan" (
    "id" BIGSERIAL NOT NULL,
    "cluster" TEXT NOT NULL DEFAULT '',
    "revision" INTEGER NOT NULL,
    "essence" TEXT NOT NULL,
    "topology_version" BIGINT NOT NULL,
    "policy_version" BIGINT NOT NULL,
    "first_ms" BIGINT NOT NULL,
    "last_ms" BIGINT NOT NULL,
    "summary" TEXT NOT NULL,
    "undone_ms" BIGINT,
    "undone_by" TEXT,
    "undo_note" TEXT NOT NULL DEFAULT '',
    "undo_moves" TEXT NOT NULL DEFAULT '[]',

    CONSTRAINT "plan_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "plan_cluster_id_idx" ON "plan"("cluster", "id");

-- CreateIndex
CREATE INDEX "recommendation_plan_id_idx" ON "recommendation"("plan_id");
