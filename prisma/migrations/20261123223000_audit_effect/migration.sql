-- CreateTable
CREATE TABLE "audit_effect" (
    "row_id" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_effect_pkey" PRIMARY KEY ("row_id")
);
