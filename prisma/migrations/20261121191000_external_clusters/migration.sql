-- AlterTable
ALTER TABLE "plan_decision" ADD COLUMN     "cluster" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "recommendation" ADD COLUMN     "cluster" TEXT NOT NULL DEFAULT '';

-- CreateTable
CREATE TABLE "external_cluster" (
    "number" BIGSERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "revision" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "external_cluster_pkey" PRIMARY KEY ("number")
);

-- CreateIndex
CREATE UNIQUE INDEX "external_cluster_name_key" ON "external_cluster"("name");
