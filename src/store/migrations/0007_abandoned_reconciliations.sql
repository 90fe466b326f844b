DROP INDEX "operations_open";--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("held_until") WHERE "operations"."held_until" is not null;