import { DatabaseSync } from 'node:sqlite';

/** Puts certificates of a profile on record that are revoked; only their numbers matter to a CRL. */
export function putRevocations(records: string, profile: string, count: number): void {
  const database = new DatabaseSync(records);
  database.exec(`
    BEGIN;
    CREATE TABLE made AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      SELECT printf('1%039x', i) AS serial_number FROM n;
    INSERT INTO serial_numbers SELECT serial_number FROM made;
    INSERT INTO certificates (serial_number, sha256, profile, issued_at, policy_digest, der)
      SELECT serial_number, serial_number, '${profile}', '2026-01-01T00:00:00.000Z', '', x'' FROM made;
    INSERT INTO revocations (serial_number, revoked_at, reason)
      SELECT serial_number, '2026-02-01T00:00:00.000Z', 'superseded' FROM made;
    DROP TABLE made;
    COMMIT;`);
  database.close();
}
