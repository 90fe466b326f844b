CREATE TABLE "access_chains" (
	"patient_id" uuid PRIMARY KEY NOT NULL,
	"length" bigint NOT NULL,
	"hash" text NOT NULL,
	"seal" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "access_events" ADD COLUMN "number" bigint;--> statement-breakpoint
ALTER TABLE "access_events" ADD COLUMN "hash" text;--> statement-breakpoint
CREATE UNIQUE INDEX "access_events_chain" ON "access_events" USING btree ("patient_id","number");