import type { PortalRequestFieldsFragment } from '../../client/client.ts';
import { titleOf } from '../elements/status-tag.tsx';

export const typeTextOf = ({ type, vendorType }: PortalRequestFieldsFragment) =>
  titleOf(type === 'UNKNOWN' ? (vendorType ?? 'Request') : type);

/** What a request is called wherever it is spoken of. */
export const nameOf = (request: PortalRequestFieldsFragment) =>
  request.title ?? typeTextOf(request);
