import { type ReactNode, useId, useRef } from 'react';
import { useKeptFocus } from './kept-focus.ts';

export interface CardProps {
  /** Where the layout puts it. */
  area: 'appointments' | 'access' | 'order' | 'visits' | 'requests';
  title: string;
  /** What can be done here. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Card({ area, title, actions, children }: CardProps) {
  const titleId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const keptFocus = useKeptFocus(heading);
  return (
    <section className={`card area-${area}`} aria-labelledby={titleId} {...keptFocus}>
      <div className="card-head">
        <h2 id={titleId} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {actions && <div className="card-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}
