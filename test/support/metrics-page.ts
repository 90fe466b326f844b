/** A page for Prometheus as samples by their name and labels, as they stand there. */
export const samplesIn = (page: string): Map<string, number> =>
  new Map(
    page
      .split('\n')
      .filter((line) => /^[a-z]/.test(line))
      .map((line) => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
  );
