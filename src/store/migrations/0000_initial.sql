CREATE TABLE "access_events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "access_events_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"patient_id" uuid NOT NULL,
	"actor" text NOT NULL,
	"actor_roles" text[] NOT NULL,
	"action" text NOT NULL,
	"vendor" text,
	"outcome" text NOT NULL,
	CONSTRAINT "access_events_outcome" CHECK ("access_events"."outcome" in ('ALLOWED', 'DENIED', 'FAILED'))
);
--> statement-breakpoint
CREATE TABLE "connection_grants" (
	"token_fingerprint" text PRIMARY KEY NOT NULL,
	"vendor" text NOT NULL,
	"patient_id" uuid NOT NULL,
	"subject" text NOT NULL,
	"sealed_grant" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "follow_ups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "follow_ups_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"patient_id" uuid NOT NULL,
	"vendor" text NOT NULL,
	"vendor_follow_up_id" text NOT NULL,
	"date" date NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "patients" (
	"id" uuid PRIMARY KEY NOT NULL,
	"subject" text,
	"first_name" text NOT NULL,
	"last_name" text NOT NULL,
	"birth_date" date,
	"sex" text,
	"email" text,
	"phone" text,
	"address" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL,
	"search_name" text NOT NULL,
	"sort_name" text collate "C" NOT NULL,
	"email_key" text,
	CONSTRAINT "patients_subject_unique" UNIQUE("subject"),
	CONSTRAINT "patients_sex" CHECK ("patients"."sex" in ('FEMALE', 'MALE', 'OTHER', 'UNKNOWN'))
);
--> statement-breakpoint
CREATE TABLE "pending_connections" (
	"state_fingerprint" text PRIMARY KEY NOT NULL,
	"vendor" text NOT NULL,
	"patient_id" uuid NOT NULL,
	"subject" text NOT NULL,
	"return_to" text NOT NULL,
	"sealed_secrets" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "portal_access" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "portal_access_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"patient_id" uuid NOT NULL,
	"vendor" text NOT NULL,
	"status" text NOT NULL,
	"issued_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"revocation_reason" text,
	CONSTRAINT "portal_access_status" CHECK ("portal_access"."status" in ('ACTIVE', 'EXPIRED', 'REVOKED', 'INVITED')),
	CONSTRAINT "portal_access_revoked" CHECK (("portal_access"."status" = 'REVOKED') = ("portal_access"."revoked_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "vendor_accounts" (
	"patient_id" uuid NOT NULL,
	"vendor" text NOT NULL,
	"vendor_patient_id" text NOT NULL,
	"link_method" text NOT NULL,
	"linked_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "vendor_accounts_key" PRIMARY KEY("patient_id","vendor"),
	CONSTRAINT "vendor_accounts_link_method" CHECK ("vendor_accounts"."link_method" in ('CREATED', 'OAUTH', 'STAFF'))
);
--> statement-breakpoint
CREATE TABLE "vendor_tokens" (
	"vendor" text NOT NULL,
	"patient_id" uuid NOT NULL,
	"sealed" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"version" uuid NOT NULL,
	"lease_owner" uuid,
	"lease_until" timestamp (3) with time zone,
	CONSTRAINT "vendor_tokens_key" PRIMARY KEY("vendor","patient_id"),
	CONSTRAINT "vendor_tokens_lease" CHECK (("vendor_tokens"."lease_owner" is null) = ("vendor_tokens"."lease_until" is null))
);
--> statement-breakpoint
CREATE TABLE "visits" (
	"vendor" text NOT NULL,
	"vendor_visit_id" text NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "visits_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"patient_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "visits_key" PRIMARY KEY("vendor","vendor_visit_id"),
	CONSTRAINT "visits_kind" CHECK ("visits"."kind" in ('WALK_IN', 'SCHEDULED', 'E_CONSULT', 'GUEST', 'UNKNOWN'))
);
--> statement-breakpoint
ALTER TABLE "connection_grants" ADD CONSTRAINT "connection_grants_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "follow_ups" ADD CONSTRAINT "follow_ups_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pending_connections" ADD CONSTRAINT "pending_connections_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "portal_access" ADD CONSTRAINT "portal_access_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vendor_accounts" ADD CONSTRAINT "vendor_accounts_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vendor_tokens" ADD CONSTRAINT "vendor_tokens_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "visits" ADD CONSTRAINT "visits_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "public"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_events_patient" ON "access_events" USING btree ("patient_id","at","sequence");--> statement-breakpoint
CREATE INDEX "connection_grants_expiry" ON "connection_grants" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "connection_grants_patient" ON "connection_grants" USING btree ("patient_id");--> statement-breakpoint
CREATE INDEX "follow_ups_patient" ON "follow_ups" USING btree ("patient_id");--> statement-breakpoint
CREATE INDEX "patients_order" ON "patients" USING btree ("sort_name","id");--> statement-breakpoint
CREATE INDEX "patients_email" ON "patients" USING btree ("email_key");--> statement-breakpoint
CREATE INDEX "pending_connections_expiry" ON "pending_connections" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "pending_connections_patient" ON "pending_connections" USING btree ("patient_id");--> statement-breakpoint
CREATE INDEX "portal_access_patient" ON "portal_access" USING btree ("patient_id","vendor");--> statement-breakpoint
CREATE UNIQUE INDEX "portal_access_one_active" ON "portal_access" USING btree ("patient_id","vendor") WHERE "portal_access"."status" = 'ACTIVE';--> statement-breakpoint
CREATE UNIQUE INDEX "vendor_accounts_vendor_patient" ON "vendor_accounts" USING btree ("vendor","vendor_patient_id");--> statement-breakpoint
CREATE INDEX "vendor_tokens_patient" ON "vendor_tokens" USING btree ("patient_id");--> statement-breakpoint
CREATE INDEX "visits_patient" ON "visits" USING btree ("patient_id");