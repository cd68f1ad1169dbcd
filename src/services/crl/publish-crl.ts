import { setImmediate } from 'node:timers/promises';
import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import type { RevokedEntries } from '../../formats/x509/revoked-entries.ts';
import { applyWaivers, lintCrl } from '../../rules/lint/index.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { assertClean, waivedRecords } from '../issuance/assert-clean.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { wholeSecond } from '../issuance/issuance-deps.ts';
import { countAgain, orAbandoned } from '../issuance/or-abandoned.ts';
import { issuerWithKey } from '../issuance/issue-certificate.ts';
import { signingCsca } from '../keys/signing-csca.ts';
import type { CrlOrder, CrlRecord, IssuanceIntent, IssuerReference, WaivedRecord } from '../ports.ts';
import { beginCrl, decodedCrl, profilesUnderCsca } from './crl-entries.ts';

/**
 * Makes the next CRL of the CSCA, signed by its newest key (Doc 9303-12 §4.1.5). One that was begun before and
 * not ended is completed instead: its number is taken.
 *
 * @throws Refused `key-not-active` without a CSCA; Unavailable; InvariantBroken when the check fails
 */
export async function publishCrl(deps: IssuanceDeps): Promise<CrlRecord> {
  const open = (await deps.records.openIntents()).find((candidate) => candidate.kind === 'crl');
  if (open !== undefined) {
    await countAgain(deps, open);
    return completeCrl(deps, open);
  }
  const issuer = await signingCsca(deps);
  if (issuer === undefined) throw noCsca();
  const crlNumber = ((await deps.records.latestCrl())?.crlNumber ?? 0n) + 1n;
  const thisUpdate = wholeSecond(deps.clock.now());
  const intent = { kind: 'crl', keyId: issuer.keyId, crlNumber, thisUpdate } as const;
  await deps.records.begin(intent);
  return completeCrl(deps, intent);
}

/** What the signer holds at a time. */
const pieceOctets = 262_144;

export type CrlIntent = Extract<IssuanceIntent, { kind: 'crl' }>;

/** The second half of `publishCrl`, after a crash too. */
export async function completeCrl(deps: IssuanceDeps, intent: CrlIntent): Promise<CrlRecord> {
  const { keyId, crlNumber, thisUpdate } = intent;
  const issuer = await issuerWithKey(deps, 'csca', keyId);
  const inPlace = await beginCrl(deps, thisUpdate);
  const entries = inPlace.entries();
  const revokedCertificates = { octets: entries.octets.length, pieces: () => entries.pieces(pieceOctets) };
  const order = { issuer, crlNumber, thisUpdate, revokedCertificates };
  const frame = await orAbandoned(deps, intent, () => deps.signer.signCrl(order));
  const crl = checkCrl(inPlace.within(frame), order, entries);
  await setImmediate();
  const waived = await assertLintClean(deps, crl, issuer, crlNumber);
  const record = { crlNumber, thisUpdate, nextUpdate: crl.nextUpdate, der: crl.bytes };
  const profiles = profilesUnderCsca(deps.policies);
  await deps.records.recordCrl(record, { profiles, listed: entries.length, waived });
  return record;
}

/** Its signature was verified a moment ago. */
const answeredFor = ['R-SIG'];

/** The finished CRL under every rule of Doc 9303, also those about the one before. */
async function assertLintClean(
  deps: IssuanceDeps,
  crl: CertificateList,
  issuer: IssuerReference,
  crlNumber: bigint,
): Promise<readonly WaivedRecord[]> {
  const before = await deps.records.latestCrl();
  const csca = decodeCertificate(issuer.certificate, { strict: true });
  const report = lintCrl(crl, {
    issuer: csca,
    newest: csca,
    previous: before && decodedCrl(before),
    edition: 8,
    leftOut: answeredFor,
  });
  const { waivers, digest: policyDigest } = deps.policies;
  const at = deps.clock.now();
  const waived = applyWaivers(report, waivers, at);
  assertClean(waived, 'the CRL');
  return waivedRecords(waived, { about: 'crl', number: crlNumber, policyDigest, at });
}

function noCsca(): Refused {
  return new Refused('key-not-active', 'there is no CSCA that could sign a CRL', {
    mend: 'run sigillo init',
  });
}

/**
 * By the strict reader and OpenSSL, which share nothing with what made it. The entries lie where they were made, so that
 * comparing them says that the frame has them and no others; that the signer read the same ones says the signature.
 */
function checkCrl(
  der: Uint8Array,
  { issuer, crlNumber, thisUpdate }: CrlOrder,
  { octets }: RevokedEntries,
): CertificateList & { nextUpdate: Date } {
  const crl = decodeCrl(der, { strict: true });
  const csca = decodeCertificate(issuer.certificate, { strict: true });
  const { signatureAlgorithm, tbsBytes, signature } = crl;
  const holds =
    signatureAlgorithm.kind !== 'unsupported' &&
    verifySignature(signatureAlgorithm, csca.subjectPublicKey, tbsBytes, signature);
  if (!holds) throw new InvariantBroken("the CRL does not verify with its issuer's key");
  const listed = crl.revokedCertificates.ascending;
  const isWhatWasOrdered =
    crl.crlNumber === crlNumber &&
    crl.thisUpdate.getTime() === thisUpdate.getTime() &&
    Buffer.compare(crl.issuer.bytes, csca.subject.bytes) === 0 &&
    listed !== undefined &&
    Buffer.compare(listed.octets, octets) === 0;
  if (!isWhatWasOrdered || crl.nextUpdate === undefined) {
    throw new InvariantBroken('the CRL is not what was ordered');
  }
  return crl as CertificateList & { nextUpdate: Date };
}
