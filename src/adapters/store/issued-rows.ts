import type { CertificateRecord, CrlRecord, WaivedRecord } from '../../services/ports.ts';
import type { Schema } from './schema.ts';

/** What was issued, as rows of the records. */

export function certificateRow(record: CertificateRecord): Schema['certificates'] {
  return {
    serial_number: record.serialNumber.toString(16),
    sha256: record.sha256,
    profile: record.profile,
    key_id: record.keyId ?? null,
    issued_at: record.issuedAt.toISOString(),
    policy_digest: record.policyDigest,
    der: record.der,
  };
}

export function certificateFrom(row: Schema['certificates']): CertificateRecord {
  return {
    sha256: row.sha256,
    serialNumber: BigInt(`0x${row.serial_number}`),
    profile: row.profile,
    keyId: row.key_id ?? undefined,
    issuedAt: new Date(row.issued_at),
    policyDigest: row.policy_digest,
    der: row.der,
  };
}

export function waivedRow(record: WaivedRecord): Schema['waived_findings'] {
  return {
    about: record.about,
    number: record.number.toString(record.about === 'certificate' ? 16 : 10),
    rule: record.rule,
    detail: record.detail,
    reason: record.reason,
    until: record.until.toISOString(),
    policy_digest: record.policyDigest,
    waived_at: record.at.toISOString(),
  };
}

export function waivedFrom(row: Schema['waived_findings']): WaivedRecord {
  const about = row.about as WaivedRecord['about'];
  return {
    about,
    number: BigInt(about === 'certificate' ? `0x${row.number}` : row.number),
    rule: row.rule,
    detail: row.detail,
    reason: row.reason,
    until: new Date(row.until),
    policyDigest: row.policy_digest,
    at: new Date(row.waived_at),
  };
}

export function crlRow(record: CrlRecord): Schema['crls'] {
  return {
    crl_number: Number(record.crlNumber),
    this_update: record.thisUpdate.toISOString(),
    next_update: record.nextUpdate.toISOString(),
    der: record.der,
  };
}

export function crlFrom(row: Schema['crls']): CrlRecord {
  return {
    crlNumber: BigInt(row.crl_number),
    thisUpdate: new Date(row.this_update),
    nextUpdate: new Date(row.next_update),
    der: row.der,
  };
}
