-- CreateTable
CREATE TABLE "host_proof" (
    "host" BIGINT NOT NULL,
    "held" TEXT NOT NULL,
    "next" TEXT NOT NULL,
    "writers" JSONB NOT NULL DEFAULT '[]',
    "generation" BIGINT NOT NULL,
    "count" BIGINT NOT NULL,
    "promise" BIGINT NOT NULL,
    "earlier" JSONB NOT NULL DEFAULT '[]',
    "last_seqs" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "host_proof_pkey" PRIMARY KEY ("host")
);

-- CreateTable
CREATE TABLE "host_claim" (
    "host" BIGINT NOT NULL,
    "claimant" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "seen" BIGINT NOT NULL,
    "answered" BIGINT NOT NULL,
    "acknowledged" JSONB,
    "at" BIGINT NOT NULL,
    "verdict" TEXT,

    CONSTRAINT "host_claim_pkey" PRIMARY KEY ("host","claimant")
);
