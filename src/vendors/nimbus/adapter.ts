import type {
  Onboarding,
  Orders,
  PortalAccessControl,
} from '../../domain/capabilities/portal-access.ts';
import { VendorError } from '../../domain/errors.ts';
import type { StaffLinking, VendorId } from '../../domain/vendor.ts';
import type { NimbusClient } from './client.ts';
import {
  type NimbusClinic,
  toFollowUp,
  toFollowUpDate,
  toHours,
  toIntegerId,
  toIssuedAccess,
  toNimbusPatient,
  toOrder,
  toReason,
} from './map.ts';
import { isSafeRedirect } from './redirects.ts';
import { nimbusIdPattern } from './wire.ts';

export interface NimbusDoor {
  id: VendorId;
  client: NimbusClient;
  clinic: NimbusClinic;
  /** Hosts that links may lead to; undefined for any https host. */
  redirectHosts: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

export interface NimbusCapabilities {
  staffLinking: StaffLinking;
  onboarding: Onboarding;
  portalAccess: PortalAccessControl;
  orders: Orders;
}

/** What Nimbus can do, in domain words. Input is refused before a call; see the capabilities' types. */
export function createNimbusCapabilities(door: NimbusDoor): NimbusCapabilities {
  const { id: vendor, client, clinic, clock } = door;

  /** An answer that is well-formed and still must not be used. */
  const unusable = (operation: string, reason: string, mayHaveActed: boolean) =>
    new VendorError({ vendor, operation, kind: 'UNEXPECTED_SHAPE', reason, mayHaveActed });

  const mayBeHandedOn = (link: string) => isSafeRedirect(link, door.redirectHosts);

  return {
    staffLinking: { idPattern: nimbusIdPattern },

    onboarding: {
      treatmentTypes: clinic.treatmentTypes,
      async onboard(scope, request) {
        const patient = toNimbusPatient(request, clinic);
        const wire = await client.externalTransferOnboarding(scope, patient);
        const link = wire.redirect_url ?? '';
        // The patient was made, and this answer is the only place of the id: no link is worth losing it.
        return toIssuedAccess(wire.user_id, mayBeHandedOn(link) ? link : null, wire, clock());
      },
    },

    portalAccess: {
      async enable(scope, { vendorPatientId }, validForHours) {
        const operation = 'external-portal-access/enable';
        const wire = await client.enable(scope, {
          user_id: toIntegerId(vendorPatientId),
          valid_for_hours: toHours(validForHours),
        });
        if (wire.user_id != null && wire.user_id !== vendorPatientId) {
          // The link would open somebody else's portal.
          throw unusable(operation, 'other_user', true);
        }
        const { redirect_url: link } = wire;
        if (!mayBeHandedOn(link)) {
          throw unusable(operation, 'redirect_refused', true);
        }
        return toIssuedAccess(vendorPatientId, link, wire, clock(), validForHours);
      },
      async revoke(scope, { vendorPatientId }, reason) {
        await client.revoke(scope, { user_id: toIntegerId(vendorPatientId), ...toReason(reason) });
      },
    },

    orders: {
      async latestOrder(scope, { vendorPatientId }) {
        const operation = 'external-portal-access/latest-order';
        const answer = await client
          .latestOrder(scope, toIntegerId(vendorPatientId))
          .catch((error: unknown) => {
            // "No orders found" and an unknown user are the same 404 but for a text that may
            // change: they cannot be told apart reliably, so both are "no order".
            if (error instanceof VendorError && error.kind === 'NOT_FOUND') {
              return { data: null };
            }
            throw error;
          });
        if (answer.data !== null && answer.data.user_id !== vendorPatientId) {
          throw unusable(operation, 'other_user', false);
        }
        return answer.data && toOrder(vendor, answer.data);
      },
      async createFollowUp(scope, { vendorPatientId }, order, date) {
        const { data } = await client.createFollowup(scope, {
          followup_date: toFollowUpDate(date),
          patient_id: toIntegerId(order.vendorPatientKey),
          user_id: toIntegerId(vendorPatientId),
          tenant_domain: order.tenantDomain,
        });
        return toFollowUp(data, date);
      },
    },
  };
}
