import { useState } from 'react';
import { useHold } from './dialog.tsx';

export interface OneTimeLinkProps {
  url: string;
  /** What it opens. */
  title: string;
}

/** A link that signs somebody in: shown once, opened or copied for the patient. */
export function OneTimeLink({ url, title }: OneTimeLinkProps) {
  const [copied, setCopied] = useState<boolean>();
  const [opened, setOpened] = useState(false);
  useHold(opened || copied === true ? undefined : 'LINK');
  const copy = () =>
    navigator.clipboard.writeText(url).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className="one-time-link">
      <p>
        <strong>For the patient only.</strong> Whoever has this link is signed in as them. It is
        shown now and never again.
      </p>
      <div className="buttons">
        <a
          className="button primary"
          href={url}
          target="_blank"
          rel="noreferrer"
          onClick={() => setOpened(true)}
          onAuxClick={() => setOpened(true)}
        >
          {title} <span className="visually-hidden">(opens a new tab)</span>
        </a>
        <button type="button" onClick={() => void copy()}>
          Copy link
        </button>
      </div>
      <p role="status" className="hint">
        {copied === true && 'Copied.'}
        {copied === false && 'The browser does not allow copying: open the link instead.'}
      </p>
    </div>
  );
}
