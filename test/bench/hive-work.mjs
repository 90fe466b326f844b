import { endpointsOf } from './endpoints.mjs';

/** What `hive.mjs` is asked: the fields that Portico's documents need, under the vendors' own names. */

const queueItem = 'id object request_type title status created';

export const w1 = `query Visit($visitId: String!) {
  visit(id: $visitId) {
    data {
      id account_code type status intake { reason_for_visit } start end actual_start actual_end
      provider { id first_name last_name }
    }
  }
}`;

export const w2 = `query PatientOverview($visitId: String!, $userId: String!, $cerboId: String!, $mdHqId: String!) {
  latestOrder(userId: $userId) { data { order_id tenant_domain } }
  visit(id: $visitId) {
    data { id type status intake { reason_for_visit } start member { id first_name last_name } }
  }
  appointments { data { id name cancelled_at starts_at ends_at practice_name } }
  cerboEnqueued(patientId: $cerboId) { object data { ${queueItem} } }
  mdHqEnqueued(patientId: $mdHqId) { object data { ${queueItem} } }
}`;

/** @returns the variables of both documents, from `setup` */
export function variablesOf(setup) {
  const { vsee, nimbus, cerbo, mdhq } = endpointsOf(setup);
  return {
    w1: { visitId: vsee.id },
    w2: { visitId: vsee.id, userId: nimbus.id, cerboId: cerbo.id, mdHqId: mdhq.id },
  };
}
