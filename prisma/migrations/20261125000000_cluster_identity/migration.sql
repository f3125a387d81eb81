-- Which cluster this control plane is of: made once, told by every edge, and compared by the console.
CREATE TABLE "cluster_identity" (
    "one" BOOLEAN NOT NULL DEFAULT true,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "cluster_identity_pkey" PRIMARY KEY ("one"),
    CONSTRAINT "cluster_identity_one" CHECK ("one")
);

-- A name to tell two apart until somebody gives one: the first digits of the id.
INSERT INTO "cluster_identity" ("id", "name")
SELECT made."id", 'cluster-' || left(made."id", 6) FROM (SELECT gen_random_uuid()::text AS "id") AS made;
