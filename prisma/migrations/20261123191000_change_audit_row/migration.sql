-- AlterTable
ALTER TABLE "change" ADD COLUMN     "audit_row" BIGINT;
