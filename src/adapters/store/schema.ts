import type { Generated } from 'kysely';

/**
 * The tables of an instance's records. Migrations only go forward: a new one is added at the end, none is
 * ever changed. All instants are ISO 8601 in UTC, all digests and serial numbers hexadecimal.
 */
export interface Schema {
  meta: { key: string; value: string };
  keys: {
    key_id: string;
    role: string;
    label: string;
    key_algorithm: string;
    created_at: string;
    /** Signatures claimed, never less than were made. */
    uses: number;
    /** Signatures that the key may ever make; null for no limit. */
    usage_limit: number | null;
  };
  /** The ends of keys: what their certificates do not say. */
  key_events: { event_id: Generated<number>; key_id: string; state: string; at: string; reason: string };
  /** Announced changes of the CSCA key. */
  rollovers: { announced_at: string; not_before: string; executed_at: string | null };
  certificates: {
    serial_number: string;
    sha256: string;
    profile: string;
    key_id: string | null;
    issued_at: string;
    policy_digest: string;
    der: Uint8Array;
  };
  /** Serial numbers that were ever claimed, so that none is used twice, not for an abandoned order either. */
  serial_numbers: { serial_number: string };
  /** `crl_number` is the first CRL that lists it; null before there is one, and for what no CRL of ours is about. */
  revocations: {
    serial_number: string;
    revoked_at: string;
    reason: string;
    crl_number: Generated<number | null>;
  };
  /** Policies that something was done under; `files` is JSON `[{file, text}]`, which the digest is over. */
  policy_sets: { digest: string; files: string; first_used_at: string };
  /** What the lint found on something issued and policy set aside; the number is hexadecimal for certificates. */
  waived_findings: {
    about: string;
    number: string;
    rule: string;
    detail: string;
    reason: string;
    until: string;
    policy_digest: string;
    waived_at: string;
  };
  crls: { crl_number: number; this_update: string; next_update: string; der: Uint8Array };
  master_lists: { version: number; signed_at: string; der: Uint8Array };
  /** Acts of issuance that have begun and not ended. */
  issuance_intents: {
    intent_id: string;
    content: string;
    begun_at: string;
    /** Signatures by which a key pair that is being made has proved itself. */
    proofs: number;
  };
  /** SODs that are to be signed: few at any time. */
  sod_intents: {
    request_id: string;
    content_digest: Uint8Array;
    key_id: string;
    /** JSON of what is to be signed. */
    content: string;
    signing_time: string;
  };
  sods: {
    leaf_index: number;
    request_id: string;
    content_digest: Uint8Array;
    document_signer: Uint8Array;
    /** Whole, or as the difference from another one (sod-difference.ts). */
    ef_sod: Uint8Array;
  };
  /** Intents that ended without a product, with the reason. */
  abandoned_intents: { intent_id: string; content: string; reason: string; abandoned_at: string };
  /** Requests to the CSCA: `begun`, `open` once signed, then `answered` or `withdrawn`. */
  exchange_requests: {
    sequence: number;
    state: string;
    /** What is to be signed, canonical JSON. */
    content: Uint8Array;
    /** JSON list of the keys that sign it: the exchange key and those requested. */
    key_ids: string;
    bundle: Uint8Array | null;
    begun_at: string;
    ended_at: string | null;
    reason: string | null;
  };
  /** Responses of this CSCA. `content` is there once everything in it is issued, `bundle` once it is signed. */
  exchange_responses: {
    sequence: number;
    request_sequence: number;
    /** The request bundle's file. */
    request: Uint8Array;
    key_ids: string | null;
    content: Uint8Array | null;
    bundle: Uint8Array | null;
    begun_at: string;
  };
  /** Responses that have been taken over. */
  exchange_accepted: { sequence: number; sha256: string; accepted_at: string };
  /**
   * Leaves of the log in their order; `event` is what is hashed (docs/formats/log-leaf.md). The leaf hashes are the
   * tiles of level 0.
   */
  log_leaves: {
    leaf_index: number;
    leaf_hash: Uint8Array;
    event: string;
    /** Over what the leaf does not cover of the record it is about; null where there is nothing. */
    record_check: Uint8Array | null;
  };
  /** Tiles from level 1 up, one row each, full or growing: hashes of full tiles below, one after the other. */
  log_tiles: { level: number; tile: number; hashes: Uint8Array };
  /** Checkpoints that were signed; `note` without cosignatures. One that was served once may be served for ever. */
  log_checkpoints: { tree_size: number; note: Uint8Array; signed_at: string; served_at: string | null };
  /** Signature lines of cosigners, each checked before it was put on record. */
  log_cosignatures: { tree_size: number; cosigner: string; line: string };
}

/** Statements of each migration; the position in the list is the version that it leads to. */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE keys (
       key_id TEXT PRIMARY KEY, role TEXT NOT NULL, label TEXT NOT NULL UNIQUE,
       key_algorithm TEXT NOT NULL, created_at TEXT NOT NULL,
       uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
       usage_limit INTEGER CHECK (usage_limit IS NULL OR uses <= usage_limit)) STRICT, WITHOUT ROWID`,
    `CREATE TABLE key_events (
       event_id INTEGER PRIMARY KEY, key_id TEXT NOT NULL REFERENCES keys, state TEXT NOT NULL,
       at TEXT NOT NULL, reason TEXT NOT NULL, UNIQUE (key_id, state)) STRICT`,
    `CREATE TABLE rollovers (
       announced_at TEXT PRIMARY KEY, not_before TEXT NOT NULL, executed_at TEXT) STRICT, WITHOUT ROWID`,
    `CREATE TABLE serial_numbers (serial_number TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
    `CREATE TABLE certificates (
       serial_number TEXT PRIMARY KEY REFERENCES serial_numbers, sha256 TEXT NOT NULL UNIQUE,
       profile TEXT NOT NULL, key_id TEXT REFERENCES keys, issued_at TEXT NOT NULL,
       policy_digest TEXT NOT NULL, der BLOB NOT NULL) STRICT`,
    `CREATE TABLE revocations (
       serial_number TEXT PRIMARY KEY REFERENCES certificates, revoked_at TEXT NOT NULL,
       reason TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE crls (
       crl_number INTEGER PRIMARY KEY, this_update TEXT NOT NULL, next_update TEXT NOT NULL,
       der BLOB NOT NULL) STRICT`,
    `CREATE TABLE master_lists (
       version INTEGER PRIMARY KEY, signed_at TEXT NOT NULL, der BLOB NOT NULL) STRICT`,
    `CREATE TABLE issuance_intents (
       intent_id TEXT PRIMARY KEY, content TEXT NOT NULL, begun_at TEXT NOT NULL,
       proofs INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE sod_intents (
       request_id TEXT PRIMARY KEY, content_digest BLOB NOT NULL, key_id TEXT NOT NULL REFERENCES keys,
       content TEXT NOT NULL, signing_time TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE log_leaves (
       leaf_index INTEGER PRIMARY KEY, leaf_hash BLOB NOT NULL, event TEXT NOT NULL) STRICT`,
    `CREATE TABLE sods (
       leaf_index INTEGER PRIMARY KEY REFERENCES log_leaves, request_id TEXT NOT NULL UNIQUE,
       content_digest BLOB NOT NULL, document_signer BLOB NOT NULL, ef_sod BLOB NOT NULL) STRICT`,
    `CREATE TABLE abandoned_intents (
       intent_id TEXT NOT NULL, content TEXT NOT NULL, reason TEXT NOT NULL,
       abandoned_at TEXT NOT NULL) STRICT`,
  ],
  [
    `INSERT INTO meta (key, value) VALUES ('instance-id', lower(hex(randomblob(16))))`,
    `CREATE TABLE exchange_requests (
       sequence INTEGER PRIMARY KEY, state TEXT NOT NULL, content BLOB NOT NULL, key_ids TEXT NOT NULL,
       bundle BLOB, begun_at TEXT NOT NULL, ended_at TEXT, reason TEXT) STRICT`,
    `CREATE TABLE exchange_responses (
       sequence INTEGER PRIMARY KEY, request_sequence INTEGER NOT NULL UNIQUE, request BLOB NOT NULL,
       key_ids TEXT, content BLOB, bundle BLOB, begun_at TEXT NOT NULL) STRICT`,
    `CREATE TABLE exchange_accepted (
       sequence INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, accepted_at TEXT NOT NULL) STRICT`,
  ],
  [
    `CREATE TABLE log_tiles (
       level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, tile)) STRICT`,
    `CREATE TABLE log_checkpoints (
       tree_size INTEGER PRIMARY KEY, note BLOB NOT NULL, signed_at TEXT NOT NULL, served_at TEXT) STRICT`,
    `CREATE TABLE log_cosignatures (
       tree_size INTEGER NOT NULL REFERENCES log_checkpoints, cosigner TEXT NOT NULL, line TEXT NOT NULL,
       PRIMARY KEY (tree_size, cosigner)) STRICT, WITHOUT ROWID`,
  ],
  [
    // The next CRL is made anew from all revocations, and from then on each has its number.
    `ALTER TABLE revocations ADD COLUMN crl_number INTEGER`,
    `CREATE INDEX revocations_in_order ON revocations (length(serial_number), serial_number)`,
    `CREATE INDEX unlisted_revocations ON revocations (length(serial_number), serial_number)
       WHERE crl_number IS NULL`,
    `CREATE INDEX certificates_of_profile ON certificates (profile)`,
    `CREATE INDEX listed_revocations ON revocations (crl_number) WHERE crl_number IS NOT NULL`,
  ],
  [`ALTER TABLE log_leaves ADD COLUMN record_check BLOB`],
  [
    `CREATE TABLE policy_sets (
       digest TEXT PRIMARY KEY, files TEXT NOT NULL, first_used_at TEXT NOT NULL) STRICT, WITHOUT ROWID`,
    `CREATE TABLE waived_findings (
       about TEXT NOT NULL, number TEXT NOT NULL, rule TEXT NOT NULL, detail TEXT NOT NULL, reason TEXT NOT NULL,
       until TEXT NOT NULL, policy_digest TEXT NOT NULL, waived_at TEXT NOT NULL) STRICT`,
  ],
];
