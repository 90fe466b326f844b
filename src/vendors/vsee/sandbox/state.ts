import { randomBytes } from 'node:crypto';
import type { SandboxRoom } from '../fixtures.ts';

/** What the pretended clinic can be told to do otherwise, for tests. */
export interface VSeeSwitches {
  /** Single sign-on is off at the vendor until support enables it. */
  ssoEnabled: boolean;
  /** Codes of rooms whose appointments come with a one-time link. */
  oneTimeLinkRooms: string[];
  /** Codes of rooms whose patients may not cancel appointments. */
  roomsWithoutCancel: string[];
  /** Rooms of a page at the most, whatever is asked for. */
  roomsOfPage: number;
  /** Answers `GET visits/:id` without the `data` wrapper, as the vendor's own sample does. */
  bareVisit: boolean;
  /** A 429 beyond it; the vendor names no number, so there is none by default. */
  requestsPerMinute: number | undefined;
  /** Ends all tokens now, before their announced expiry. */
  expireTokens(): void;
}

export interface SandboxUser {
  id: string;
  code: string;
  type: number;
  firstName: string;
  lastName: string;
  username: string;
  vseeId: string;
  birthDate: string | undefined;
  email: string | undefined;
  gender: string | undefined;
  phone: string | undefined;
  emailsDisabled: boolean;
}

export interface SandboxToken {
  userId: string;
  /** Unix seconds. */
  expiry: number;
}

export interface SandboxIntake {
  id: string;
  memberId: string;
  roomCode: string;
  type: number | undefined;
  reason: string | undefined;
  attachments: readonly string[];
  /** Copied from the room by an update, where the clinic charges for it. */
  consultation: unknown;
  custom: Record<string, unknown>;
  created: number;
  modified: number;
  visitId: string | undefined;
}

export interface SandboxVisit {
  id: string;
  code: string;
  memberId: string;
  providerId: string | undefined;
  room: SandboxRoom;
  /** 1 walk-in, 2 scheduled, 3 eConsult. */
  type: number;
  /** 1 in person, 2 by phone, 3 by video. */
  subtype: number;
  /** 10, 20, 25, 30, 40 or 50. */
  status: number;
  start: number | undefined;
  end: number | undefined;
  actualStart: number | undefined;
  actualEnd: number | undefined;
  created: number;
  modified: number;
  completedBy: string | undefined;
  duration: number;
  intakeId: string;
  oneTimeToken: string | undefined;
  oneTimeTokenUsed: boolean;
}

/** Everything the pretended clinic knows, in this process's memory. */
export interface VSeeState {
  readonly users: Map<string, SandboxUser>;
  readonly tokens: Map<string, SandboxToken>;
  readonly intakes: Map<string, SandboxIntake>;
  readonly visits: Map<string, SandboxVisit>;
  readonly switches: VSeeSwitches;
  /** Unix seconds. */
  now(): number;
  nextId(kind: 'user' | 'visit'): string;
}

export const hex32 = () => randomBytes(16).toString('hex');

/** A clinic without users. @param clock milliseconds since the epoch */
export function createState(clock: () => number): VSeeState {
  const next = { user: 183_201, visit: 67_001 };
  const tokens = new Map<string, SandboxToken>();
  return {
    users: new Map(),
    tokens,
    intakes: new Map(),
    visits: new Map(),
    switches: {
      ssoEnabled: true,
      oneTimeLinkRooms: ['clinic'],
      roomsWithoutCancel: [],
      roomsOfPage: 100,
      bareVisit: false,
      requestsPerMinute: undefined,
      expireTokens: () => tokens.clear(),
    },
    now: () => Math.floor(clock() / 1000),
    nextId: (kind) => {
      const id = String(next[kind]);
      next[kind] += 1;
      return id;
    },
  };
}

/** Neither completed, cancelled nor refunded. */
export const isOpen = (visit: SandboxVisit) => visit.status < 30;
