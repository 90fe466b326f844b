import { UserFailure, type VendorError } from './errors.ts';
import type { VendorId } from './vendor.ts';

/** Of the refusals whose reason a door recognised, what they mean; a vendor's own words never leave it. */
const meanings: Readonly<Record<string, string | undefined>> = {
  route_absent: 'The vendor does not offer that to this clinic.',
  insurance_not_allowed:
    'The vendor does not take this insurance for that. Choose another insurance, or another kind of appointment.',
  attendant_blocked:
    'The practice takes no bookings of this patient online. Ask the practice for the appointment.',
};

/** What a refusal (CREDENTIAL_REFUSED, NOT_FOUND or REJECTED) means to whoever asked, and what helps. */
export function meaningOfRefusal({ kind, reason = '' }: VendorError): string {
  switch (kind) {
    case 'CREDENTIAL_REFUSED':
      return 'The vendor refused this deployment’s credential; its operator has to look.';
    case 'NOT_FOUND':
      return 'The vendor does not know what it was asked about; it may be gone there.';
    default:
      return meanings[reason] ?? 'The vendor refused this.';
  }
}

function refusal(error: VendorError): UserFailure {
  const { vendor, fields } = error;
  const [path, ...otherPaths] = fields.map((field) => ['input', ...field]);
  return path === undefined
    ? new UserFailure('VENDOR_REJECTED', meaningOfRefusal(error), { vendor })
    : new UserFailure('INVALID_INPUT', 'The vendor does not accept this value.', {
        path,
        otherPaths,
        vendor,
      });
}

const unknownPatient = (vendor: VendorId) =>
  new UserFailure(
    'NOT_FOUND',
    'The vendor has no patient of the id that is linked. Look at the link, and make a new one if it is wrong.',
    { path: ['input', 'patientId'], vendor },
  );

/**
 * What a failed vendor call means for the caller of a mutation.
 * @param repeatable the write does no harm when it is done again, whatever the call's own door says
 */
export function failureOfVendor(
  error: VendorError,
  repeatable: boolean = error.repeatable,
): UserFailure {
  const { vendor, kind, retryAt, mayHaveActed } = error;
  // An earlier attempt of the same call may have been heard.
  const nothing = mayHaveActed ? 'Doing this again does no harm' : 'Nothing was done';
  if (mayHaveActed && !repeatable) {
    return outcomeUnknown();
  }
  switch (kind) {
    case 'AUTHORIZATION_REQUIRED':
      return new UserFailure(
        'AUTHORIZATION_REQUIRED',
        'The patient has to authorize access at this vendor; call connectPatientPortal.',
        { vendor },
      );
    case 'REJECTED':
    case 'NOT_FOUND':
      if (error.reason === 'route_absent') {
        return new UserFailure('UNSUPPORTED_BY_VENDOR', meaningOfRefusal(error), {
          path: ['input'],
          vendor,
        });
      }
      return error.reason === 'unknown_patient' ? unknownPatient(vendor) : refusal(error);
    case 'RATE_LIMITED':
      return new UserFailure(
        'RATE_LIMITED',
        `The vendor asks for fewer calls. ${nothing}; try again later.`,
        { vendor, retryAt },
      );
    case 'CREDENTIAL_REFUSED':
      return new UserFailure('VENDOR_UNAVAILABLE', `${meaningOfRefusal(error)} ${nothing}.`, {
        vendor,
      });
    default:
      return new UserFailure(
        'VENDOR_UNAVAILABLE',
        mayHaveActed
          ? 'The vendor could not be heard. Doing this again does no harm: try again with the same input and key.'
          : 'The vendor could not take this now. Nothing was done; try again later.',
        { vendor, retryAt },
      );
  }
}

/** Of a write that can be gone on with although a part of it was refused: another may have been done. */
export const refusedHalfWay = ({ vendor }: VendorError) =>
  new UserFailure(
    'VENDOR_UNAVAILABLE',
    'The vendor refused this after a part of it may have been done. It is not at its end: try again with the same input and key.',
    { vendor },
  );

export const outcomeUnknown = () =>
  new UserFailure(
    'OUTCOME_UNKNOWN',
    'The vendor’s answer was lost: this may or may not have been done. Ask with reconcileOperation; do not send it again.',
  );
