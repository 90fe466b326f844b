import { skipToken } from '@tanstack/react-query';
import type {
  BookAppointmentMutation,
  PatientOverviewQuery,
  PorticoClient,
  PorticoError,
  PorticoErrorCode,
} from '../../src/client/client.ts';
import {
  BookAppointmentDocument,
  PatientOverviewDocument,
  ViewerDocument,
} from '../../src/client/client.ts';
import {
  useBookAppointmentMutation,
  useInfinitePatientsQuery,
  useInfiniteVisitsQuery,
  usePatientOverviewQuery,
  useViewerQuery,
} from '../../src/client/react.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';

/**
 * What the compiler lets through and what it refuses, for `types.test.ts`: never run. Every line below an
 * `@ts-expect-error` has to be refused.
 */

type Is<A, B> = [A, B] extends [B, A] ? true : false;
const holds = <_Claim extends true>() => undefined;

type BookingError = BookAppointmentMutation['bookAppointment']['userErrors'][number];

holds<ErrorCode extends PorticoErrorCode ? true : false>();

export function narrowed(error: BookingError): string | null | undefined {
  switch (error.__typename) {
    case 'AvailabilityGoneError':
      return error.alternatives[0]?.start;
    case 'OutcomeUnknownError':
      return error.operation.status;
    case 'VendorUnavailableError':
      return error.retryAt;
    case 'AuthorizationRequiredError':
      // @ts-expect-error only of AvailabilityGoneError
      error.alternatives;
      return error.authorizationUrl;
    case 'GeneralUserError':
      // @ts-expect-error of no user error
      error.reason;
      return error.code;
    default:
      return error satisfies never;
  }
}

export function unnarrowed(error: BookingError) {
  // @ts-expect-error only after a look at `__typename`
  error.alternatives;
  // @ts-expect-error no user error is called so
  return error.__typename === 'SlotGoneError' ? null : error.message;
}

export function Component({ id }: { id: string | undefined }) {
  const overview = usePatientOverviewQuery({ id: id ?? '' });
  holds<Is<typeof overview.data, PatientOverviewQuery | undefined>>();
  holds<Is<typeof overview.error, PorticoError | null>>();
  const selected = usePatientOverviewQuery(id === undefined ? skipToken : { id }, {
    enabled: true,
    select: ({ patient }) => patient?.fullName,
  });
  holds<Is<typeof selected.data, string | undefined>>();
  // @ts-expect-error variables are missing
  usePatientOverviewQuery();
  // @ts-expect-error of another type
  usePatientOverviewQuery({ id: 1 });
  // @ts-expect-error not asked for
  overview.data?.patient?.portalAccess[0]?.redirectUrl;
  // @ts-expect-error may be null
  overview.data?.patient.fullName;

  useViewerQuery();
  // @ts-expect-error takes no variables
  useViewerQuery({ id: 'x' });

  useInfinitePatientsQuery();
  const visits = useInfiniteVisitsQuery({ patientId: 'x', filter: { kind: ['WALK_IN'] } });
  visits.data?.pages[0]?.patient?.visits.nodes[0]?.status;
  // @ts-expect-error no such kind
  useInfiniteVisitsQuery({ patientId: 'x', filter: { kind: ['WALK'] } });

  const { mutate } = useBookAppointmentMutation({
    onSuccess: ({ bookAppointment: { userErrors } }) => userErrors.map(narrowed),
    onError: ({ code }) => code === 'UNAUTHENTICATED',
  });
  mutate({ input: { patientId: 'x', availabilityId: 'y' } });
  // @ts-expect-error no availability
  mutate({ input: { patientId: 'x' } });
  // @ts-expect-error no such field
  mutate({ input: { patientId: 'x', availabilityId: 'y', comment: 'z' } });
}

export async function asked(client: PorticoClient) {
  const { viewer } = await client.request(ViewerDocument);
  // @ts-expect-error no such role
  viewer.roles.includes('DOCTOR');
  const { patient } = await client.request(PatientOverviewDocument, { id: 'x' }, {});
  // @ts-expect-error variables are missing
  await client.request(BookAppointmentDocument);
  // @ts-expect-error none of the document's variables
  await client.request(PatientOverviewDocument, { id: 'x', search: 'y' });
  return patient?.fullName;
}
