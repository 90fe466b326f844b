import { type RefObject, useEffect, useRef } from 'react';

/**
 * Keeps the focus in a section when what had it is gone, such as the button that revoked something:
 * otherwise somebody at the keyboard would begin at the top of the page again.
 * @param place takes the focus then
 * @returns properties of the section
 */
export function useKeptFocus(place: RefObject<HTMLElement | null>) {
  const within = useRef(false);
  useEffect(() => {
    if (within.current && document.activeElement === document.body) {
      place.current?.focus();
    }
  });
  return {
    onFocus: () => {
      within.current = true;
    },
    onBlur: () => {
      within.current = false;
    },
  };
}
