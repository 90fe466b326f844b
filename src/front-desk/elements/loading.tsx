/** In place of what is on its way. */
export const Loading = ({ what }: { what: string }) => (
  <p className="loading">
    <span className="spinner" aria-hidden="true" />
    {what}…
  </p>
);
