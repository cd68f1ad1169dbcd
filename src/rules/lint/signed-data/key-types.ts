import { oids } from '../../../formats/oids.ts';

/** OIDs of keys that some signers write where the signature algorithm goes (RFC 3370 §3.2). */
export const keyTypes: readonly string[] = [oids.rsaEncryption, oids.idEcPublicKey];
