import { createHash, hash } from 'node:crypto';
import { encodeSignatureAlgorithm } from '../../formats/algorithms/encode-algorithm-identifier.ts';
import { digestByName } from '../../formats/algorithms/digests.ts';
import { type KeyAlgorithm, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { encodeSignedAttributes, encodeSignedData } from '../../formats/cms/encode-signed-data.ts';
import { encodeEfSod } from '../../formats/lds/encode-ef-sod.ts';
import {
  encodeLdsSecurityObject,
  type LdsSecurityObjectContent,
} from '../../formats/lds/encode-lds-security-object.ts';
import { encodeCscaMasterList } from '../../formats/masterlist/encode-master-list.ts';
import { oids } from '../../formats/oids.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { encodeSigned } from '../../formats/x509/encode-certificate.ts';
import {
  type CrlFrame,
  ListedEntries,
  signedCrlFrame,
  tbsCertListFrame,
  withEntries,
} from '../../formats/x509/encode-crl.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import type { ExchangePartner } from '../../rules/exchange/exchange-key.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import { addPeriod } from '../../rules/profile/period.ts';
import { logKeyAlgorithm } from '../../rules/log/log-key.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { sodViolation } from '../../rules/sod/sod-rules.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import type {
  BundleOrder,
  CertificateOrder,
  CheckpointOrder,
  CrlOrder,
  IssuerReference,
  KeyOrder,
  KeyRole,
  MasterListOrder,
  SodOrder,
  Token,
  TokenHealth,
  TokenKey,
  TokenStatus,
} from '../ports.ts';
import { assertMaySign, type DocumentSigner, documentSignerFrom } from './document-signer.ts';
import { holderKey } from './holder-key.ts';
import { assertCertifies, issuerFrom } from './issuer.ts';
import { lintCertificateOrder, lintCrlOrder } from './lint-order.ts';
import { prepareCertificate } from './prepare-certificate.ts';
import { requestedKey } from './requested-key.ts';
import { roles } from './roles.ts';
import { CheckpointSigner } from './sign-checkpoint.ts';
import { type BundleSigner, signBundle } from './sign-bundle.ts';

/**
 * The trusted core, inside the signer process. It takes typed jobs and never bytes to sign: it holds each
 * job against policy, builds the to-be-signed octets itself and has the token sign them. What comes out has
 * not been checked by anyone else yet; the service does that before anything is recorded or released.
 */
export class SigningCore {
  readonly #token: Token;
  readonly #policies: Policies;
  readonly #state: IssuingState;
  readonly #partner: ExchangePartner | undefined;
  readonly #documentSigners = new Map<string, DocumentSigner>();
  readonly #checkpoints: CheckpointSigner | undefined;

  /**
   * @param partner the instance whose requests this CSCA answers, as the configuration pins it
   * @param logOrigin name of the instance's log; without it no checkpoint is signed
   */
  constructor(
    token: Token,
    policies: Policies,
    state: IssuingState,
    partner?: ExchangePartner,
    logOrigin?: string,
  ) {
    this.#token = token;
    this.#policies = policies;
    this.#state = state;
    this.#partner = partner;
    this.#checkpoints = logOrigin === undefined ? undefined : new CheckpointSigner(token, logOrigin);
  }

  generateKeyPair({ keyId, role, label, keyAlgorithm }: KeyOrder): Promise<TokenKey> {
    const { key } = role === 'log' ? logKeyAlgorithm(keyAlgorithm) : algorithmNamed(keyAlgorithm);
    return this.#token.generateKeyPair(keyId, role, label, key);
  }

  findKey({ keyId, role }: { readonly keyId: string; readonly role: KeyRole }): Promise<TokenKey> {
    return this.#token.findKey(keyId, role);
  }

  async destroyKey({ keyId, role }: { readonly keyId: string; readonly role: KeyRole }): Promise<void> {
    await this.#token.destroyKey(keyId, role);
    this.#documentSigners.delete(keyId);
  }

  status(): Promise<TokenStatus> {
    return this.#token.status();
  }

  proveHealth(): Promise<boolean> {
    return this.#token.proveHealth();
  }

  probe(): Promise<TokenHealth> {
    return this.#token.probe();
  }

  /** @returns the certificate, DER */
  async signCertificate(order: CertificateOrder): Promise<Uint8Array> {
    this.#assertPolicies(order.policyDigest);
    const profile = this.#profile(order.profile);
    const subjectKey = await this.#subjectKey(profile, order);
    const issuerKeyId = order.issuer?.keyId ?? ('keyId' in order.subjectKey ? order.subjectKey.keyId : '');
    const issuer = await this.#issuer(profile, order.issuer);
    const tbs = prepareCertificate(profile, this.#state, order, subjectKey, issuer);
    lintCertificateOrder(tbs, profile, { policies: this.#policies, state: this.#state }, order);
    const { signature } = issuer?.algorithm ?? algorithmNamed(order.keyAlgorithm);
    const value = await this.#token.sign(issuerKeyId, roles[profile.kind].issuer, signature, tbs);
    return encodeSigned(tbs, encodeSignatureAlgorithm(signature), value);
  }

  /**
   * Of the entries no more than a piece is held. Each piece is linted in a TBSCertList of its own, before the token
   * is touched.
   *
   * @returns the CRL of the CSCA but for its entries
   */
  async signCrl(order: CrlOrder): Promise<CrlFrame> {
    const issuer = issuerFrom(order.issuer, await this.#token.findKey(order.issuer.keyId, 'csca'));
    const { signature } = issuer.algorithm;
    const signatureAlgorithm = encodeSignatureAlgorithm(signature);
    const list = {
      signature: signatureAlgorithm,
      issuer: issuer.name,
      thisUpdate: order.thisUpdate,
      nextUpdate: addPeriod(order.thisUpdate, this.#policies.crl.nextUpdate),
      authorityKeyIdentifier: issuer.keyIdentifier,
      crlNumber: order.crlNumber,
    };
    const lint = (entries: Uint8Array) =>
      lintCrlOrder(withEntries(tbsCertListFrame(list, entries.length), entries), this.#policies, order);
    const { octets, pieces } = order.revokedCertificates;
    const frame = tbsCertListFrame(list, octets);
    const digest = createHash(digestByName(signature.digest).node).update(frame.before);
    const listed = new ListedEntries(order.thisUpdate);
    if (octets === 0) lint(new Uint8Array());
    for await (const piece of pieces()) {
      listed.take(piece);
      lint(piece);
      digest.update(piece);
    }
    if (listed.octets !== octets) {
      throw new InvariantBroken(`${listed.octets} octets of entries came where ${octets} were announced`);
    }
    const tbsDigest = digest.update(frame.after).digest();
    const signatureValue = await this.#token.signDigest(order.issuer.keyId, 'csca', signature, tbsDigest);
    return signedCrlFrame(frame, octets, { signatureAlgorithm, signatureValue });
  }

  /** @returns EF.SOD with tag 77 */
  async signSod(order: SodOrder): Promise<Uint8Array> {
    const signer = await this.#documentSigner(order);
    assertMaySign(signer, order);
    this.#assertSodAllowed(order);
    const eContent = encodeLdsSecurityObject(ldsSecurityObject(order));
    const withTime = this.#policies.sod.signingTimeAttribute;
    const signedAttributes = encodeSignedAttributes({
      eContentType: oids.ldsSecurityObject,
      messageDigest: hash(digestByName(signer.digest).node, eContent, 'buffer'),
      signingTime: withTime ? order.signingTime : undefined,
    });
    const signature = await this.#token.sign(
      order.keyId,
      'document-signer',
      signer.algorithm,
      signedAttributes,
    );
    return encodeEfSod(
      encodeSignedData({
        eContentType: oids.ldsSecurityObject,
        eContent,
        digestAlgorithm: signer.digest,
        certificates: [signer.certificate],
        sid: {
          kind: 'issuerAndSerialNumber',
          issuer: signer.issuerName,
          serialNumber: signer.serialNumber,
        },
        signedAttributes,
        signatureAlgorithm: signer.algorithmIdentifier,
        signature,
      }),
    );
  }

  /** @returns the CSCA master list as ContentInfo, DER */
  async signMasterList(order: MasterListOrder): Promise<Uint8Array> {
    const key = await this.#token.findKey(order.keyId, 'master-list-signer');
    const certificate = decodeCertificate(order.signer, { strict: true });
    assertCertifies(certificate, key.publicKey);
    const keyIdentifier = certificate.subjectKeyIdentifier;
    if (keyIdentifier === undefined)
      throw new InvariantBroken('the Master List Signer has no key identifier');
    const { signature } = algorithmNamed(order.keyAlgorithm);
    const eContent = encodeCscaMasterList(order.certificates);
    const signedAttributes = encodeSignedAttributes({
      eContentType: oids.cscaMasterList,
      messageDigest: hash(digestByName(signature.digest).node, eContent, 'buffer'),
      signingTime: order.signingTime,
    });
    return encodeSignedData({
      eContentType: oids.cscaMasterList,
      eContent,
      digestAlgorithm: signature.digest,
      certificates: [order.signer, order.csca],
      sid: { kind: 'subjectKeyIdentifier', keyIdentifier },
      signedAttributes,
      signatureAlgorithm: encodeSignatureAlgorithm(signature),
      signature: await this.#token.sign(order.keyId, 'master-list-signer', signature, signedAttributes),
    });
  }

  /** @returns the bundle's file */
  signBundle(order: BundleOrder): Promise<Uint8Array> {
    const signer: BundleSigner = { token: this.#token, policies: this.#policies, state: this.#state };
    return signBundle(signer, order);
  }

  /** @returns the checkpoint, a signed note */
  async signCheckpoint(order: CheckpointOrder): Promise<Uint8Array> {
    if (this.#checkpoints !== undefined) return this.#checkpoints.sign(order);
    throw new Refused('policy', 'this machine signs no checkpoints', {
      rule: 'L-ORIGIN',
      mend: 'the log of an online instance has them; an offline CSCA has its transcript',
    });
  }

  #profile(name: string): CertificateProfile {
    const profile = this.#policies.profiles.get(name);
    if (profile !== undefined) return profile;
    throw new Refused('policy', `there is no profile ${name}`, {
      field: 'profile',
      mend: `use one of ${[...this.#policies.profiles.keys()].join(', ')}`,
    });
  }

  /** A profile that was edited since means another decision: it has to be taken again. */
  #assertPolicies(digest: string): void {
    if (digest === this.#policies.digest) return;
    throw new Refused('policy', 'the order was decided under other policies than the signer has', {
      rule: 'policy-digest',
      field: 'policyDigest',
      mend: 'start the service again, so that it loads the policies as they are now',
    });
  }

  async #subjectKey(profile: CertificateProfile, order: CertificateOrder) {
    const role = roles[profile.kind].subject;
    if (role !== undefined && 'keyId' in order.subjectKey) {
      return (await this.#token.findKey(order.subjectKey.keyId, role)).publicKey;
    }
    if (profile.kind === 'access' && 'publicKey' in order.subjectKey) return order.subjectKey.publicKey;
    const context = { policies: this.#policies, country: this.#state.country };
    if (role === undefined && 'csr' in order.subjectKey) {
      return holderKey(order.subjectKey.csr, order, context).publicKey;
    }
    if (profile.issuer === 'csca' && role !== 'csca' && 'requested' in order.subjectKey) {
      return requestedKey(order.subjectKey.requested, order, this.#partner, context);
    }
    throw new Refused('policy', `a ${profile.kind} certificate is not issued for a key from there`, {
      field: 'subjectKey',
      mend: 'keys of signers live on the token, those of TLS with their holders, who send a PKCS#10 request',
    });
  }

  async #issuer(profile: CertificateProfile, reference: IssuerReference | undefined) {
    if ((reference === undefined) !== (profile.issuer === 'self')) {
      throw new Refused('policy', `${profile.profile} is issued by ${profile.issuer}`, {
        field: 'issuer',
        mend: 'name the issuer that the profile asks for',
      });
    }
    if (reference === undefined) return undefined;
    return issuerFrom(reference, await this.#token.findKey(reference.keyId, roles[profile.kind].issuer));
  }

  async #documentSigner(order: SodOrder): Promise<DocumentSigner> {
    const known = this.#documentSigners.get(order.keyId);
    if (known !== undefined && Buffer.compare(known.certificate, order.documentSigner) === 0) return known;
    const key = await this.#token.findKey(order.keyId, 'document-signer');
    const signer = documentSignerFrom(order.documentSigner, order.keyAlgorithm, key);
    this.#documentSigners.set(order.keyId, signer);
    return signer;
  }

  #assertSodAllowed(order: SodOrder): void {
    const content = { ...order, dataGroupNumbers: [...order.dataGroupHashes.keys()] };
    const violation = sodViolation(content, this.#policies.sod);
    if (violation !== undefined) throw new Refused('policy', violation.detail, violation);
  }
}

function algorithmNamed(name: string): KeyAlgorithm {
  const algorithm = keyAlgorithms.get(name);
  if (algorithm !== undefined) return algorithm;
  throw new Refused('policy', `${name} is not a key algorithm that Sigillo can issue under`, {
    field: 'keyAlgorithm',
    mend: 'use one that the profile allows',
  });
}

/** LDS 1.7 is LDSSecurityObject v0; LDS 1.8 is v1 and says so inside (Doc 9303-10 §4.6.2.3). */
function ldsSecurityObject(order: SodOrder): LdsSecurityObjectContent {
  const common = { hashAlgorithm: order.digestAlgorithm, dataGroupHashes: order.dataGroupHashes };
  return order.lds.version === '1.7'
    ? { ...common, version: 0 }
    : { ...common, version: 1, ldsVersion: '0108', unicodeVersion: order.lds.unicodeVersion };
}
