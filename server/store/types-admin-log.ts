/** One administrative act, chained to the one before it. */
export type AdminLogFields = {
  /** 1, 2, 3, … without gaps. */
  readonly seq: number;
  readonly at: Date;
  /** The operation of the API, such as `updateUser`. */
  readonly action: string;
  /** Who did it: the token's role, its id, and whose it is. */
  readonly role: string;
  readonly token: string | null;
  readonly by: string | null;
  readonly ip: string;
  readonly session: string;
  /** Whom it concerns. */
  readonly user: string | null;
  /** JSON: what was asked for, without secrets. */
  readonly input: string;
  /** JSON: what it was before, where that is known. */
  readonly before: string | null;
  /** Hex SHA-256 of the entry before; of nothing for the first. */
  readonly previous: string;
  /** Over `previous` and all of this. */
  readonly hash: string;
};

/** The newest entry that went after its time: what the first one that is kept follows. */
export type AdminLogAnchorFields = Pick<AdminLogFields, 'seq' | 'hash'>;
