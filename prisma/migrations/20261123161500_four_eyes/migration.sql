-- With four eyes an approval needs two people.
-- AlterTable
ALTER TABLE "recommendation" ADD COLUMN     "first_approval_ms" BIGINT,
ADD COLUMN     "first_by" TEXT,
ADD COLUMN     "first_revision" INTEGER;
