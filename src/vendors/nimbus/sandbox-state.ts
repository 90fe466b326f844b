import { randomInt } from 'node:crypto';
import { type SandboxPerson, seeds } from './fixtures.ts';

export type TokenState = 'active' | 'used' | 'expired' | 'revoked';

export interface SandboxToken {
  value: string;
  userId: number;
  state: TokenState;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface SandboxUser {
  userId: number;
  patientId: number;
  person: SandboxPerson;
  orders: number[];
}

export interface SandboxFollowUp {
  followup_id: number;
  patient_id: number;
  user_id: number;
  followup_date: string;
  tenant_domain: string;
}

const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const randomWord = () =>
  Array.from({ length: 40 }, () => characters.charAt(randomInt(characters.length))).join('');

/** Everything the simulated platform remembers, with the token's state machine (section 5). */
export class NimbusState {
  readonly users = new Map<number, SandboxUser>();
  readonly tokens = new Map<string, SandboxToken>();
  readonly followUps: SandboxFollowUp[] = [];
  /** Open browser sessions of the portal: session to user. */
  readonly sessions = new Map<string, number>();
  #nextOrder = 9003;
  #nextFollowUp = 7001;

  constructor(readonly clock: () => number) {
    for (const { userId, patientId, orderId, person } of seeds) {
      this.users.set(userId, { userId, patientId, person, orders: orderId ? [orderId] : [] });
    }
  }

  findByEmail(email: string): SandboxUser | undefined {
    return [...this.users.values()].find(
      ({ person }) => person.email.toLowerCase() === email.toLowerCase(),
    );
  }

  addUser(person: SandboxPerson): SandboxUser {
    const userId = Math.max(...this.users.keys()) + 1;
    const user = { userId, patientId: userId + 4000, person, orders: [] };
    this.users.set(userId, user);
    return user;
  }

  /** A new token; a live one of the same user stops working. */
  issueToken(userId: number, hours: number): SandboxToken {
    this.endTokens(userId, ['active']);
    const expiresAt = this.clock() + hours * 3_600_000;
    const token: SandboxToken = { value: randomWord(), userId, state: 'active', expiresAt };
    this.tokens.set(token.value, token);
    return token;
  }

  stateOf(token: SandboxToken): TokenState {
    if (token.state === 'active' && token.expiresAt <= this.clock()) {
      token.state = 'expired';
    }
    return token.state;
  }

  /** Any state to revoked, and open browser sessions end [assumed]. */
  revoke(userId: number): void {
    this.endTokens(userId, ['active', 'used', 'expired']);
    for (const [session, user] of this.sessions) {
      if (user === userId) {
        this.sessions.delete(session);
      }
    }
  }

  /** Burns an active token for a browser session; undefined for any other token. */
  openPortal(value: string): { session: string; user: SandboxUser } | undefined {
    const token = this.tokens.get(value);
    const user = token && this.users.get(token.userId);
    if (!token || !user || this.stateOf(token) !== 'active') {
      return undefined;
    }
    token.state = 'used';
    const session = randomWord();
    this.sessions.set(session, user.userId);
    return { session, user };
  }

  /** The questionnaire was posted: only now an order exists. */
  placeOrder(session: string): number | undefined {
    const user = this.users.get(this.sessions.get(session) ?? 0);
    if (!user) {
      return undefined;
    }
    const order = this.#nextOrder++;
    user.orders.push(order);
    this.sessions.delete(session);
    return order;
  }

  addFollowUp(followUp: Omit<SandboxFollowUp, 'followup_id'>): SandboxFollowUp {
    const added = { followup_id: this.#nextFollowUp++, ...followUp };
    this.followUps.push(added);
    return added;
  }

  private endTokens(userId: number, states: readonly TokenState[]): void {
    for (const token of this.tokens.values()) {
      if (token.userId === userId && states.includes(this.stateOf(token))) {
        token.state = 'revoked';
      }
    }
  }
}
