-- What only its operator knows of a host: its zone, its labels, and what it can take.
ALTER TABLE "host" ADD COLUMN     "zone" TEXT NOT NULL DEFAULT 'default',
ADD COLUMN     "labels" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "capacity" JSONB NOT NULL DEFAULT '{}';
