ALTER TABLE "access_chains" ADD COLUMN "pruned_length" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "access_chains" ADD COLUMN "pruned_hash" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX "access_events_at" ON "access_events" USING btree ("at");