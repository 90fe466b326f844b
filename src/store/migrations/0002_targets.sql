ALTER TABLE "operations" ADD COLUMN "target" text;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_target" ON "operations" USING btree ("target") WHERE "operations"."worker" is not null;