-- A member of a consumer group belongs to who joined. Members of before belong to whoever polls for them next.
ALTER TABLE "consumer_member" ADD COLUMN     "subject" TEXT;

-- Members of groups needed the scope "read" so far: their tokens go on working.
UPDATE "api_token" SET "scopes" = array_append("scopes", 'consume')
 WHERE 'read' = ANY ("scopes") AND NOT 'consume' = ANY ("scopes");
