import type { PortalRequestFieldsFragment } from '../../client/client.ts';
import { Instant } from '../elements/instant.tsx';
import { titleOf } from '../elements/status-tag.tsx';
import { useViewer } from '../session/viewer.tsx';

export interface RequestEntryProps {
  request: PortalRequestFieldsFragment;
  zone: string;
  onDismiss: () => void;
}

/** Forms leave many empty lines between their answers. */
const withoutGaps = (text: string) => text.trim().replace(/\s*\n\s*/g, '\n');

export function RequestEntry({ request, zone, onDismiss }: RequestEntryProps) {
  const { isStaff } = useViewer();
  const { type, vendorType, title, contentText, notes, createdAt } = request;
  const typeText = type === 'UNKNOWN' ? titleOf(vendorType ?? 'Request') : titleOf(type);
  const name = title ?? typeText;
  return (
    <li>
      <div>
        <strong>{name}</strong>
        <span className="detail">
          {title !== null && `${typeText}. `}
          {createdAt && (
            <>
              Asked <Instant at={createdAt} zone={zone} />
            </>
          )}
        </span>
        {contentText && <p className="request-text">{withoutGaps(contentText)}</p>}
        {notes && <p className="request-text">Note: {notes}</p>}
      </div>
      {isStaff && (
        <button type="button" aria-label={`Dismiss ${name}`} onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </li>
  );
}
