import { type RefObject, useEffect, useRef } from 'react';

/**
 * Keeps the focus in a section when what had it is gone, such as the button that revoked something:
 * otherwise somebody at the keyboard would begin at the top of the page again.
 * @param place takes the focus then
 * @returns properties of the section
 */
export function useKeptFocus(place: RefObject<HTMLElement | null>) {
  const section = useRef<HTMLElement>(null);
  const within = useRef(false);
  useEffect(() => {
    // Whichever component took it away: most of them render without the section.
    const observer = new MutationObserver(() => {
      if (within.current && document.activeElement === document.body) {
        // Who points goes on where they are, further down perhaps.
        place.current?.focus({ preventScroll: true });
      }
    });
    if (section.current) {
      observer.observe(section.current, { childList: true, subtree: true });
    }
    return () => observer.disconnect();
  }, [place]);
  return {
    ref: section,
    onFocus: () => {
      within.current = true;
    },
    onBlur: () => {
      within.current = false;
    },
  };
}
