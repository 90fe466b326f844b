import type { PortalRequestFieldsFragment } from '../../client/client.ts';
import { Instant } from '../elements/instant.tsx';
import { useViewer } from '../session/viewer.tsx';
import { nameOf, typeTextOf } from './request-name.ts';

export interface RequestEntryProps {
  request: PortalRequestFieldsFragment;
  zone: string;
  onDismiss: () => void;
}

/** Forms leave many empty lines between their answers. */
const withoutGaps = (text: string) => text.trim().replace(/\s*\n\s*/g, '\n');

export function RequestEntry({ request, zone, onDismiss }: RequestEntryProps) {
  const { isStaff } = useViewer();
  const { title, contentText, notes, createdAt } = request;
  const name = nameOf(request);
  return (
    <li>
      <div>
        <strong>{name}</strong>
        <span className="detail">
          {title !== null && `${typeTextOf(request)}. `}
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
