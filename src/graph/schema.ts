import { type GraphQLSchema, specifiedDirectives } from 'graphql';
import type { VendorDescription } from '../domain/vendor.ts';
import { builder } from './builder.ts';
import { incrementalDirectives } from './incremental-directives.ts';
import './scalars.ts';
import './viewer.ts';
import './patient.ts';
import './appointment.ts';
import './availability-search.ts';
import './clinic-room.ts';
import './operation.ts';
import './earlier-availability.ts';
import './entities.ts';
import './patient-mutations.ts';
import './treatment-types.ts';
import './portal-access-mutations.ts';
import './visit-mutations.ts';
import './appointment-mutations.ts';
import './portal-request-mutations.ts';
import './operation-mutations.ts';
import { describeVendors } from './vendor.ts';

let built: GraphQLSchema | undefined;

/**
 * The schema over the registry's vendors. Built once in a process: the builder fills up by import,
 * and the registry is the same for all.
 */
export function schemaOver(vendors: readonly VendorDescription[]): GraphQLSchema {
  if (built === undefined) {
    describeVendors(vendors);
    built = builder.toSchema({ directives: [...specifiedDirectives, ...incrementalDirectives] });
  }
  return built;
}
