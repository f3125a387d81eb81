-- With "log" a member gets the events of all its shardlets merged by time, with "key" shardlet by shardlet.
ALTER TABLE "consumer_group" ADD COLUMN     "order" TEXT NOT NULL DEFAULT 'key';
