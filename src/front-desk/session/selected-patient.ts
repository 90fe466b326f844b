import { useSyncExternalStore } from 'react';
import { onWayBack } from '../elements/way-back.ts';

/**
 * Which patient the page is about stands in its address, so that reloading, "back" and a login elsewhere
 * lead to them again. The id says nothing about the person.
 */
const parameter = 'patient';
const changed = 'front-desk:selected';

const selected = () => new URLSearchParams(location.search).get(parameter) ?? undefined;

function subscribe(listener: () => void) {
  const end = onWayBack(listener);
  addEventListener(changed, listener);
  return () => {
    end();
    removeEventListener(changed, listener);
  };
}

export const useSelectedPatient = () => useSyncExternalStore(subscribe, selected);

/** @param how `replace`: "back" does not lead to the address that the page has now */
export function selectPatient(id: string | undefined, how: 'push' | 'replace' = 'push') {
  const address = new URL(location.pathname, location.href);
  if (id !== undefined) {
    address.searchParams.set(parameter, id);
  }
  history[`${how}State`](null, '', address);
  dispatchEvent(new Event(changed));
}
