import { MalformedInput } from '../../formats/malformed-input.ts';
import type { CrlFrame } from '../../formats/x509/encode-crl.ts';
import {
  InvariantBroken,
  isServiceError,
  Refused,
  type ServiceError,
  Unavailable,
} from '../../services/errors.ts';
import type {
  BundleOrder,
  CertificateOrder,
  CheckpointOrder,
  CrlOrder,
  KeyOrder,
  KeyRole,
  MasterListOrder,
  SodOrder,
  TokenHealth,
  TokenKey,
  TokenStatus,
} from '../../services/ports.ts';

/** Jobs that a signer process takes, with what they are given and what they give back. */
export interface SignerJobs {
  generateKeyPair: { order: KeyOrder; result: TokenKey };
  findKey: { order: { readonly keyId: string; readonly role: KeyRole }; result: TokenKey };
  destroyKey: { order: { readonly keyId: string; readonly role: KeyRole }; result: void };
  signCertificate: { order: CertificateOrder; result: Uint8Array };
  signCrl: { order: WireCrlOrder; result: CrlFrame };
  signSod: { order: SodOrder; result: Uint8Array };
  signMasterList: { order: MasterListOrder; result: Uint8Array };
  signBundle: { order: BundleOrder; result: Uint8Array };
  signCheckpoint: { order: CheckpointOrder; result: Uint8Array };
  status: { order: undefined; result: TokenStatus };
  proveHealth: { order: undefined; result: boolean };
  probe: { order: undefined; result: TokenHealth };
}
export type JobName = keyof SignerJobs;

/** Its entries follow, so many octets, as messages of their own. */
export type WireCrlOrder = Omit<CrlOrder, 'revokedCertificates'> & { readonly entryOctets: number };

/** Service → signer process, after a job: entries of revokedCertificates, whole ones. */
export interface PieceMessage {
  /** Of the job. */
  readonly id: number;
  readonly piece: Uint8Array;
}

/** Service → signer process, several at a time: a message is an array of these. */
export type JobMessage = {
  [Name in JobName]: { readonly id: number; readonly job: Name; readonly order: SignerJobs[Name]['order'] };
}[JobName];

/** A rung of the ladder that was climbed inside a signer process (docs/tokens.md). */
export interface Healing {
  readonly rung: 'session' | 'login' | 'reinitialise';
  /** The return value that asked for it. */
  readonly because: string;
  /** Why it did not help, where it failed itself. */
  readonly failure?: string;
}

/** Signer process → service, several at a time. Before any job is answered there is one `ready` or `failed`. */
export type SignerMessages = readonly SignerMessage[];
export type SignerMessage =
  /** An offline CSCA's token has no health key and shows its status only. */
  | { readonly kind: 'ready'; readonly token: TokenStatus | TokenHealth }
  | { readonly kind: 'healing'; readonly healing: Healing }
  /** The process ends and has not begun this job. */
  | { readonly kind: 'returned'; readonly id: number }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError };

/** An error as it crosses the process boundary: its fields, no stack. */
export interface WireError {
  readonly kind: ServiceError['kind'];
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What is not a ServiceError is a bug and arrives as a broken invariant. */
export function toWire(error: unknown): WireError {
  if (!isServiceError(error)) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: 'broken', message: `the signer failed unexpectedly: ${message}`, fields: {} };
  }
  return { kind: error.kind, message: error.message, fields: fieldsOf(error) };
}

function fieldsOf(error: ServiceError): WireError['fields'] {
  switch (error.kind) {
    case 'malformed':
      return { field: error.field, reason: error.reason, source: error.source, offset: error.offset };
    case 'refused':
      return { code: error.code, details: error.details };
    case 'unavailable':
      return {
        what: error.what,
        outcome: error.outcome,
        mend: error.mend,
        rule: error.rule,
        source: error.source,
      };
    case 'broken':
      return {};
  }
}

export function fromWire({ kind, message, fields }: WireError): ServiceError {
  switch (kind) {
    case 'malformed': {
      const { source, offset } = fields as { source?: string; offset?: number };
      return new MalformedInput(String(fields['field']), String(fields['reason']), {
        ...(source === undefined ? {} : { source }),
        ...(offset === undefined ? {} : { offset }),
      });
    }
    case 'refused':
      return new Refused(fields['code'] as Refused['code'], message, fields['details'] as Refused['details']);
    case 'unavailable': {
      const what = String(fields['what']);
      const outcome = fields['outcome'] as Unavailable['outcome'];
      const detail = message.slice(what.length + 2);
      const { rule, source } = fields as { rule?: string; source?: string };
      return new Unavailable(what, detail, { outcome, mend: String(fields['mend']), rule, source });
    }
    case 'broken':
      return new InvariantBroken(message);
  }
}
