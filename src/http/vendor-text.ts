import { z } from 'zod';

/** Characters of what stands on one line, as a name or a title. No vendor's have more; a hostile one's may. */
const longestLine = 1_000;

/** Characters of a link; browsers take no longer address. */
export const longestLink = 8_192;

/** What no reader sees, but terminals, logs and spreadsheets may act upon; and halves of letters. */
const unprintable = /(?![\t\n\r])[\p{Cc}\p{Cs}]/gu;

/** A vendor's text as it may be shown, of any length: the body of an answer is bounded. */
const shownText = (text: string) => text.replace(unprintable, '');

/** The same for what stands on one line; cut where it goes beyond all measure. */
export const shownLine = (text: string) =>
  shownText(text.length > longestLine ? `${text.slice(0, longestLine)}…` : text);

/** A line that an answer has to hold. */
export const vendorLine = z.string().overwrite(shownLine);
/** A text of several lines that an answer has to hold. */
export const vendorText = z.string().overwrite(shownText);
