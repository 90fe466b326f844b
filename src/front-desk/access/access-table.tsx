import type { PortalAccessFieldsFragment } from '../../client/client.ts';
import { Instant } from '../elements/instant.tsx';
import { StatusTag } from '../elements/status-tag.tsx';
import { vendorName } from '../elements/vendors.ts';
import { ZoneNote } from '../elements/zone-note.tsx';
import { useClinicZone } from '../session/clinic-zone.ts';

/** What has expired before its time was over had its place taken by a newer one. */
const statusOf = ({ status, expiresAt }: PortalAccessFieldsFragment) =>
  status === 'EXPIRED' && expiresAt !== null && Date.parse(expiresAt) > Date.now()
    ? 'REPLACED'
    : status;

export function AccessTable(props: { accesses: readonly PortalAccessFieldsFragment[] }) {
  const zone = useClinicZone();
  return (
    <>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">Portal</th>
            <th scope="col">Given</th>
            <th scope="col">Until</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        <tbody>
          {props.accesses.map((access) => (
            <tr key={access.id}>
              <td data-label="Portal">
                <strong>{vendorName(access.vendor)}</strong>
                {access.revocationReason && (
                  <span className="detail">Revoked: {access.revocationReason}</span>
                )}
              </td>
              <td data-label="Given">
                <Instant at={access.issuedAt} zone={zone} />
              </td>
              <td data-label="Until">
                {access.expiresAt ? <Instant at={access.expiresAt} zone={zone} /> : 'no end'}
              </td>
              <td data-label="Status">
                <StatusTag status={statusOf(access)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ZoneNote zones={[zone]} />
    </>
  );
}
