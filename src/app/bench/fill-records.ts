import { randomBytes, randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords } from '../../adapters/store/index.ts';
import { decodeEfSod } from '../../formats/lds/ef-sod.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { InvariantBroken } from '../../services/errors.ts';
import type { RecordedSod, SodIntent } from '../../services/ports.ts';
import type { Instance } from '../instance/load-instance.ts';
import type { BenchedKey } from './bench-instance.ts';

/** Claimed and recorded at a time, so that they share their commits. */
const together = 2_000;

/**
 * Puts EF.SODs on record as the service does, claim by claim and leaf by leaf, but signed by nobody: what differs
 * between two is random. At least one is on record already.
 *
 * @param count SODs that are to be on record in the end
 */
export async function fillRecords(
  instance: Instance,
  key: BenchedKey,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const records = openRecords(instance.paths.records, systemClock);
  try {
    const [first] = records.archive.sods();
    if (first === undefined) throw new InvariantBroken('there is no SOD to make others from');
    const documentSigner = decodeCertificate(key.certificate, { strict: true }).fingerprint;
    const another = othersLike(first, key.keyId);
    let recorded = recordedSods(instance);
    while (recorded < count) {
      signal.throwIfAborted();
      const batch = Math.min(together, count - recorded);
      await Promise.all(
        Array.from({ length: batch }, async () => {
          const { intent, efSod } = another();
          await records.sods.claim(intent);
          await records.sods.record(intent, efSod, documentSigner);
        }),
      );
      recorded += batch;
    }
  } finally {
    records.close();
  }
}

export function recordedSods({ paths }: Instance): number {
  const database = new DatabaseSync(paths.records, { readOnly: true });
  try {
    return Number(database.prepare('SELECT count(*) AS sods FROM sods').get()?.['sods']);
  } finally {
    database.close();
  }
}

/** Makes EF.SODs of which hashes, messageDigest and signature are others, and everything else is the same. */
function othersLike(first: RecordedSod, keyId: string): () => { intent: SodIntent; efSod: Uint8Array } {
  const { ldsSecurityObject, signedData } = decodeEfSod(first.efSod);
  const [signer] = signedData.signerInfos;
  const offsetOf = (part: Uint8Array): number => part.byteOffset - first.efSod.byteOffset;
  const hashes = [...ldsSecurityObject.dataGroupHashes].map(
    ([number, hash]) => [number, offsetOf(hash), hash.length] as const,
  );
  const digest = signer?.signedAttributes?.messageDigest ?? new Uint8Array();
  // The first octets of the signature are DER.
  const signature = signer?.signature.subarray(8) ?? new Uint8Array();
  return () => {
    const efSod = Uint8Array.from(first.efSod);
    for (const part of [digest, signature]) efSod.set(randomBytes(part.length), offsetOf(part));
    const dataGroupHashes = new Map(
      hashes.map(([number, start, length]) => {
        efSod.set(randomBytes(length), start);
        return [number, efSod.subarray(start, start + length)] as const;
      }),
    );
    const intent: SodIntent = {
      requestId: randomUUID(),
      contentDigest: randomBytes(32).toString('hex'),
      keyId,
      documentType: 'P',
      digestAlgorithm: 'SHA-256',
      lds: { version: '1.8', unicodeVersion: '040000' },
      dataGroupHashes,
      signingTime: systemClock.now(),
    };
    return { intent, efSod };
  };
}
