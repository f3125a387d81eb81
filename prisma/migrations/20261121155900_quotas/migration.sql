-- CreateTable
CREATE TABLE "quota" (
    "scope" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "events_per_second" INTEGER,
    "bytes_per_second" BIGINT,

    CONSTRAINT "quota_pkey" PRIMARY KEY ("scope","subject")
);
