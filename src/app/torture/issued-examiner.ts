import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
import type { Breach } from './answers.ts';
import { octetsIn } from './stored-sods.ts';

/** CRLs and master lists, each numbered for itself. */
export type NumberedKind = 'crl' | 'master list';

const numbered = {
  crl: 'SELECT crl_number AS number, this_update AS at, der FROM crls ORDER BY crl_number',
  'master list': 'SELECT version AS number, signed_at AS at, der FROM master_lists ORDER BY version',
} as const;

/** What is issued besides SODs: numbers that rise (I4), serial numbers that never repeat (I8). */
export class IssuedExaminer {
  /** What a leaf of the log says of each product, as `event digest`, with a name for it. */
  readonly products = new Map<string, string>();
  readonly #serialNumbers = new Map<string, string>();
  readonly #numbers = { crl: new Map<string, number>(), 'master list': new Map<string, number>() };

  /** Number of a CRL or version of a master list with these octets; undefined when none was on record. */
  numberOf(kind: NumberedKind, octets: Uint8Array): number | undefined {
    return this.#numbers[kind].get(sha256(octets));
  }

  examine(database: DatabaseSync): readonly Breach[] {
    const breaches = [
      ...this.#examineNumbered(database, 'crl'),
      ...this.#examineNumbered(database, 'master list'),
      ...this.#examineCertificates(database),
    ];
    this.products.clear();
    for (const { key_id, label } of database.prepare('SELECT key_id, label FROM keys').all()) {
      this.#product('key', Buffer.from(String(key_id), 'hex'), `key ${String(label)}`);
    }
    for (const { key_id, state } of database.prepare('SELECT key_id, state FROM key_events').all()) {
      this.#product(
        'key-end',
        Buffer.from(`${String(key_id)} ${String(state)}`),
        `the end of ${String(key_id)}`,
      );
    }
    for (const [table, event] of [
      ['certificates', 'certificate'],
      ['crls', 'crl'],
      ['master_lists', 'master-list'],
    ] as const) {
      for (const { der } of database.prepare(`SELECT der FROM ${table}`).all()) {
        this.#product(event, octetsIn(der), `an entry of ${table}`);
      }
    }
    for (const { serial_number } of database.prepare('SELECT serial_number FROM revocations').all()) {
      const serial = String(serial_number);
      const octets = Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex');
      this.#product('revocation', octets, `the revocation of ${serial}`);
    }
    return breaches;
  }

  #product(event: string, octets: Uint8Array, name: string): void {
    this.products.set(`${event} ${sha256(octets)}`, name);
  }

  /** Each later number is of a later time, none goes, none changes, and each is the one inside. */
  #examineNumbered(database: DatabaseSync, kind: NumberedKind): readonly Breach[] {
    const breaches: Breach[] = [];
    const breach = (detail: string) => breaches.push({ invariant: 'I4', detail });
    const gone = new Set(this.#numbers[kind].values());
    let before = '';
    for (const row of database.prepare(numbered[kind]).all()) {
      const number = Number(row['number']);
      const der = octetsIn(row['der']);
      const digest = sha256(der);
      if (String(row['at']) < before) breach(`${kind} ${number} is earlier than the one before`);
      before = String(row['at']);
      if (this.#numbers[kind].get(digest) !== number) {
        if (gone.has(number)) breach(`${kind} ${number} has changed on record`);
        if (kind === 'crl' && decodeCrl(der, { strict: true }).crlNumber !== BigInt(number)) {
          breach(`crl ${number} has another number inside`);
        }
        this.#numbers[kind].set(digest, number);
      }
      gone.delete(number);
    }
    for (const number of gone) breach(`${kind} ${number} is gone`);
    return breaches;
  }

  #examineCertificates(database: DatabaseSync): readonly Breach[] {
    const breaches: Breach[] = [];
    const breach = (detail: string) => breaches.push({ invariant: 'I8', detail });
    const gone = new Set(this.#serialNumbers.keys());
    for (const row of database.prepare('SELECT serial_number, sha256, der FROM certificates').all()) {
      const [serialNumber, digest] = [String(row['serial_number']), String(row['sha256'])];
      gone.delete(serialNumber);
      const before = this.#serialNumbers.get(serialNumber);
      if (before === digest) continue;
      if (before !== undefined) breach(`the serial number ${serialNumber} is that of two certificates`);
      const { serialNumber: inside } = decodeCertificate(octetsIn(row['der']), { strict: true });
      const isInside = inside.toString(16) === serialNumber && sha256(octetsIn(row['der'])) === digest;
      if (!isInside) breach(`the certificate ${serialNumber} is another one inside`);
      this.#serialNumbers.set(serialNumber, digest);
    }
    const claimed = database.prepare('SELECT 1 FROM serial_numbers WHERE serial_number = ?');
    for (const serialNumber of this.#serialNumbers.keys()) {
      if (claimed.get(serialNumber) === undefined)
        breach(`the serial number ${serialNumber} may be used again`);
    }
    for (const serialNumber of gone) breach(`the certificate ${serialNumber} is gone`);
    return breaches;
  }
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
