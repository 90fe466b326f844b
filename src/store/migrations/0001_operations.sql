CREATE TABLE "operation_steps" (
	"operation_id" uuid NOT NULL,
	"name" text NOT NULL,
	"sequence" bigint GENERATED ALWAYS AS IDENTITY (sequence name "operation_steps_sequence_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"repeatable" boolean NOT NULL,
	"status" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"sealed_result" text,
	CONSTRAINT "operation_steps_key" PRIMARY KEY("operation_id","name"),
	CONSTRAINT "operation_steps_status" CHECK ("operation_steps"."status" in ('IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'OUTCOME_UNKNOWN'))
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"subject" text NOT NULL,
	"action" text NOT NULL,
	"idempotency_key" text,
	"input_fingerprint" text NOT NULL,
	"sealed_input" text NOT NULL,
	"patient_id" uuid,
	"vendor" text,
	"status" text NOT NULL,
	"sealed_outcome" text,
	"sealed_secrets" text,
	"secrets_until" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"settled_by" text,
	"worker" uuid,
	"held_until" timestamp (3) with time zone,
	CONSTRAINT "operations_status" CHECK ("operations"."status" in ('IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'OUTCOME_UNKNOWN')),
	CONSTRAINT "operations_held" CHECK (("operations"."worker" is null) = ("operations"."held_until" is null))
);
--> statement-breakpoint
ALTER TABLE "operation_steps" ADD CONSTRAINT "operation_steps_operation_id_operations_id_fk" FOREIGN KEY ("operation_id") REFERENCES "public"."operations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_key" ON "operations" USING btree ("subject","idempotency_key");--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("held_until") WHERE "operations"."status" = 'IN_PROGRESS';--> statement-breakpoint
CREATE INDEX "operations_secrets" ON "operations" USING btree ("secrets_until") WHERE "operations"."sealed_secrets" is not null;--> statement-breakpoint
CREATE INDEX "operations_started" ON "operations" USING btree ("started_at");