-- The columns in the clear are emptied into the sealed ones, and dropped, by seal-clear-columns.ts: the key is not here.
ALTER TABLE "patients" DROP CONSTRAINT "patients_sex";--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "actor" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "actor_roles" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
DROP INDEX "patients_order";--> statement-breakpoint
DROP INDEX "patients_email";--> statement-breakpoint
ALTER TABLE "patients" ADD COLUMN "sealed" text;--> statement-breakpoint
ALTER TABLE "patients" ADD COLUMN "name_index" text[];--> statement-breakpoint
ALTER TABLE "patients" ADD COLUMN "email_index" text;--> statement-breakpoint
ALTER TABLE "portal_access" ADD COLUMN "sealed_revocation_reason" text;--> statement-breakpoint
CREATE INDEX "operations_patient" ON "operations" USING btree ("patient_id","action","started_at");--> statement-breakpoint
CREATE INDEX "patients_name" ON "patients" USING gin ("name_index");--> statement-breakpoint
CREATE INDEX "patients_order" ON "patients" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "patients_email" ON "patients" USING btree ("email_index");
