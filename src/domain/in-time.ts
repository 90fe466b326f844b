/**
 * What work comes to, or what `late` does where the work takes longer than that. It is not ended by this: it goes on
 * by itself, and what it comes to then is nobody's.
 * @param milliseconds that the work may take
 * @throws what the work throws, or `late`
 */
export async function inTime<Result, Late>(
  milliseconds: number,
  work: Promise<Result>,
  late: () => Late,
): Promise<Result | Late> {
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  }).then(late);
  try {
    return await Promise.race([work, timeIsUp]);
  } finally {
    clearTimeout(timer);
  }
}
