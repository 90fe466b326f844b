/**
 * Reads give way before writes: those that cannot be taken in with the reads have a reserve of their own.
 * Subscriptions are streams once they have begun: they last for hours, and do next to nothing.
 */
export type RequestClass = 'read' | 'write' | 'stream';

/** What a request holds that was let in. */
export interface Place {
  readonly of: RequestClass;
  /** Gives it back; again, it changes nothing. */
  leave(): void;
  /** Gives it back for one among the streams. @returns false where those are all taken: it keeps what it has */
  becomeStream(): boolean;
}

export interface AdmissionOptions {
  /** Requests in hand at once, at the most. */
  most: number;
  /** Writes in hand at once beyond those. */
  reserve: number;
  /** Milliseconds that the event loop may be late before less is taken in. */
  targetLag: number;
}

interface Lane {
  running: number;
  /** The most that were in hand since the limit was last looked at. */
  peak: number;
  limit: number;
  readonly first: number;
  readonly least: number;
  readonly most: number;
  refused: number;
}

/** Streams, for each request that may be in hand at the most. */
const streamsPerRequest = 2;
/**
 * In hand at once where the event loop is late all the time: fewer would leave it idle between answers. Where
 * fewer are in hand, it is not they who make it late.
 */
const leastReads = 16;
/** Writes are few, and take several calls each: they are the last to be turned away. */
const leastWrites = 64;
/** Where it begins, and comes back to; a process with time to spare lets more in as they come. */
const firstReads = 128;
/** By how much a limit falls at once, at the most. */
const steepest = 0.7;
/** Below this part of the target the loop has time to spare. */
const spare = 0.6;
/** By how much a limit that is used up rises while the loop is neither late nor has time to spare. */
const gentle = 2;

const laneOf = (first: number, least: number, most: number): Lane => ({
  ...{ running: 0, peak: 0, refused: 0, most },
  least: Math.min(least, most),
  first: Math.min(first, most),
  limit: Math.min(first, most),
});

/**
 * How many requests may be in hand. The limit of the reads follows the event loop: late, it falls to what is
 * in hand and further, but not where hardly anything is: a start, or a busy neighbour, is no reason to turn the
 * next burst away, so it is back where it began at once. With time to spare it comes back there step by step,
 * and grows where it is used up; where it is used up and the loop is not late, it grows a little. The writes'
 * reserve falls only once reads are down to their least.
 */
export function createAdmission({ most, reserve, targetLag }: AdmissionOptions) {
  const streams = most * streamsPerRequest;
  const lanes: Record<RequestClass, Lane> = {
    read: laneOf(firstReads, leastReads, most),
    write: laneOf(reserve, leastWrites, reserve),
    stream: laneOf(streams, streams, streams),
  };

  const fall = (lane: Lane, lag: number) => {
    const inUse = Math.min(lane.limit, Math.max(lane.peak, lane.least));
    lane.limit = Math.max(lane.least, Math.floor(inUse * Math.max(steepest, targetLag / lag)));
  };
  const grow = (lane: Lane) => {
    if (lane.limit < lane.first || lane.peak >= lane.limit * 0.8) {
      lane.limit = Math.min(lane.most, lane.limit + Math.max(4, Math.floor(lane.limit / 4)));
    }
  };

  const take = (lane: Lane): boolean => {
    const isFree = lane.running < lane.limit;
    if (isFree) {
      lane.running += 1;
      lane.peak = Math.max(lane.peak, lane.running);
    }
    return isFree;
  };
  const refused = (of: RequestClass): void => {
    lanes[of].refused += 1;
  };

  return {
    /** @returns undefined where there is no place */
    enter(of: RequestClass): Place | undefined {
      if (!take(lanes[of])) {
        return undefined;
      }
      let held: Lane | undefined = lanes[of];
      const leave = () => {
        if (held !== undefined) {
          held.running -= 1;
          held = undefined;
        }
      };
      return {
        of,
        leave,
        becomeStream() {
          // Whoever has left already would never leave the streams.
          if (held === undefined) {
            return true;
          }
          if (!take(lanes.stream)) {
            refused('stream');
            return false;
          }
          leave();
          held = lanes.stream;
          return true;
        },
      };
    },
    refused,
    /** @param lag milliseconds that the event loop was late of late */
    adapt(lag: number): void {
      const { read, write } = lanes;
      if (read.peak + write.peak < read.least) {
        read.limit = Math.max(read.limit, read.first);
        write.limit = write.most;
      } else if (lag > targetLag) {
        if (read.limit <= read.least) {
          fall(write, lag);
        } else if (read.peak > read.least) {
          fall(read, lag);
        }
      } else if (lag < targetLag * spare) {
        grow(read);
        write.limit = write.most;
      } else if (read.peak >= read.limit) {
        read.limit = Math.min(read.most, read.limit + gentle);
      }
      for (const lane of [read, write]) {
        lane.peak = lane.running;
      }
    },
    loads: () =>
      (['read', 'write', 'stream'] as const).map((of) => {
        const { running, limit, refused } = lanes[of];
        return { class: of, running, limit, refused };
      }),
  };
}

export type Admission = ReturnType<typeof createAdmission>;
