import { dismissPortalRequest } from '../actions/dismiss-portal-request.ts';
import { mutation } from './mutation.ts';

mutation('dismissPortalRequest', {
  description:
    'STAFF: removes a request from the queue, a soft delete; what it is about is not withdrawn. Vendors: Cerbo, MD HQ `DELETE portal/enqueued/{queue_request_id}`.',
  writesAtVendor: true,
  vendorCalls: 2,
  input: (t) => ({ portalRequestId: t.id({ required: true, description: 'The request.' }) }),
  payload: ['portalRequest', 'operation'],
  run: (context, input) => dismissPortalRequest(context, input),
});
