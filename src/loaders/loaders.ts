import { createAppointmentLoaders } from './appointments.ts';
import { createBookingFunnelLoaders } from './booking-funnel.ts';
import type { LoaderEnvironment } from './environment.ts';
import { createOrderLoaders } from './orders.ts';
import { createPatientLoaders } from './patients.ts';
import { createPortalRequestLoaders } from './portal-requests.ts';
import { createProfileLoaders } from './profiles.ts';
import { countingAsNow } from './repeated-asks.ts';
import { createVisitLoaders } from './visits.ts';

interface Groups {
  register: ReturnType<typeof createPatientLoaders>;
  visits: ReturnType<typeof createVisitLoaders>;
  appointments: ReturnType<typeof createAppointmentLoaders>;
  funnel: ReturnType<typeof createBookingFunnelLoaders>;
  orders: ReturnType<typeof createOrderLoaders>;
  portalRequests: ReturnType<typeof createPortalRequestLoaders>;
  profiles: ReturnType<typeof createProfileLoaders>;
}

/**
 * New for every request and never shared between callers. Whether the caller may see a patient is
 * checked before a loader is asked. Each group is made when it is first asked: a request needs two or three
 * of them, and all of them were a tenth of what one leaves to collect.
 */
export class Loaders {
  readonly #environment: LoaderEnvironment;
  readonly #counted = countingAsNow();
  #made: Partial<Groups> = {};

  constructor(environment: LoaderEnvironment) {
    this.#environment = environment;
  }

  get register() {
    this.#made.register ??= this.#counted(() => createPatientLoaders(this.#environment));
    return this.#made.register;
  }

  get visits() {
    this.#made.visits ??= this.#counted(() => createVisitLoaders(this.#environment, this.register));
    return this.#made.visits;
  }

  get appointments() {
    this.#made.appointments ??= this.#counted(() =>
      createAppointmentLoaders(this.#environment, this.register, this.visits),
    );
    return this.#made.appointments;
  }

  get funnel() {
    this.#made.funnel ??= this.#counted(() =>
      createBookingFunnelLoaders(this.#environment, this.register),
    );
    return this.#made.funnel;
  }

  get orders() {
    this.#made.orders ??= this.#counted(() => createOrderLoaders(this.#environment, this.register));
    return this.#made.orders;
  }

  get portalRequests() {
    this.#made.portalRequests ??= this.#counted(() =>
      createPortalRequestLoaders(this.#environment, this.register),
    );
    return this.#made.portalRequests;
  }

  get profiles() {
    this.#made.profiles ??= this.#counted(() =>
      createProfileLoaders(this.#environment, this.register, this.visits),
    );
    return this.#made.profiles;
  }

  /** Forgets all that was loaded: somebody else may have changed it meanwhile. */
  forget(): void {
    this.#made = {};
  }
}
