-- "Watch it work": there is one demo at most, and its row lasts longer than the worker that carries it out.
CREATE TABLE "demo" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "is_under_way" BOOLEAN NOT NULL,
    "status" JSONB NOT NULL,
    "principal" JSONB NOT NULL,
    "stop_by" TEXT,
    "token_id" TEXT,
    "host_per_second" INTEGER,

    CONSTRAINT "demo_pkey" PRIMARY KEY ("one"),
    CONSTRAINT "demo_one" CHECK ("one")
);
