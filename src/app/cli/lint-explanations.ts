/**
 * What the findings of the corpus mean, each in a sentence or two for people who do not know the standard by heart:
 * what the issuer did and what it does to a reader.
 */
export const explanations: ReadonlyMap<string, string> = new Map([
  // serial number
  [
    'C-SER-NEGATIVE',
    'The first octet has its top bit set, by a counter beyond 127 or by random octets written as they came, so that the number is negative. Readers that take it as unsigned look for another certificate in CRLs and signer identifiers.',
  ],
  [
    'C-SER-ZERO',
    'The root has the number 0, which some libraries refuse and which a counter would give out again.',
  ],
  [
    'C-SER-RANDOM',
    'The serial number is a counter or a short random number. Harmless today; long random numbers made forged certificates with SHA-1 harder.',
  ],
  // algorithm
  [
    'C-ALG-DIGEST',
    'Signed with SHA-1 after the 7th edition had ruled it out. Verification must still be offered; the signature proves less every year.',
  ],
  ['C-ALG-SHA1', 'Signed with SHA-1 when the 6th edition still allowed it.'],
  [
    'C-ALG-PSS-COMPLETE',
    'RSASSA-PSS with SHA-2 leaves a parameter to its default, which is that of SHA-1: the salt then has 20 octets.',
  ],
  [
    'C-ALG-PSS-SALT',
    'The salt is not as long as the digest. Readers that assume so, instead of reading the parameter, cannot verify it.',
  ],
  [
    'C-ALG-RSA-NULL',
    'PKCS#1 v1.5 without the NULL parameters that its standard asks for; strict libraries refuse it.',
  ],
  [
    'C-ALG-ECDSA-ABSENT',
    'ECDSA with NULL parameters, where the standard has none: a habit of libraries that grew up with RSA.',
  ],
  ['C-ALG-PKCS1', 'Signed with PKCS#1 v1.5, which everybody must verify; RSASSA-PSS is recommended.'],
  [
    'C-ALG-CURVE-DIGEST',
    'The digest is shorter than the curve, so that the signature is as strong as the digest only.',
  ],
  // names
  [
    'C-DN1-COUNTRY',
    'Without countryName nobody knows whose certificate it is: CRLs and anchors are found by country.',
  ],
  [
    'C-DN1-COUNTRY-LETTERS',
    'The three-letter code of the MRZ stands where the two-letter code belongs. Readers that look for the country do not find it.',
  ],
  [
    'C-DN1-COUNTRY-CASE',
    'The country is written in lower case. Readers must compare without regard to case, or they do not find the anchor.',
  ],
  [
    'C-DN1-COUNTRY-KNOWN',
    'The country is in no table, so that it cannot be compared with the issuing State of the MRZ.',
  ],
  ['C-DN1-CN', 'The name has no commonName; several keys of one State are told apart by it.'],
  [
    'C-DN1-STRING-TYPE',
    'A string is TeletexString or the like, whose characters depend on escape sequences that nobody implements.',
  ],
  [
    'C-DN1-CHARACTERS',
    'A PrintableString has characters such as @, _ or * that the type does not have. Strict parsers refuse the whole certificate.',
  ],
  ['C-DN1-SINGLE-VALUED', 'Two attributes share one RDN, which many tools show and compare wrongly.'],
  [
    'C-DN2-ISSUER',
    'The issuer is not the subject of the certificate whose key signed: the State changed its name between two certificates of one key, or wrote the name by hand. Path building by name fails.',
  ],
  [
    'C-DN2-OCTETS',
    'The issuer is the right name in another encoding, such as PrintableString for UTF8String. Readers that compare octets do not find the anchor.',
  ],
  [
    'C-DN2-COUNTRY',
    'One State certified the CSCA of another. A link certificate may introduce a new key of the same CSCA only.',
  ],
  ['C-DN3-LENGTH', 'An attribute is longer than X.520 lets it; fixed fields of directories cut it off.'],
  // validity
  [
    'C-VAL-UTCTIME',
    'A date is written without seconds or with an offset; parsers that count characters fail.',
  ],
  ['C-VAL-GENERALIZEDTIME', 'A date has a fraction or no Z; parsers that count characters fail.'],
  ['C-VAL-CHOICE', 'A date before 2050 is GeneralizedTime; parsers that expect UTCTime fail.'],
  [
    'C-VAL-ISSUER',
    'The certificate outlives the CSCA certificate under which it was issued. Documents may then be valid when the anchor is not.',
  ],
  [
    'C-VAL-LINK',
    'The link outlives the certificate of the old key. Whether it may, the standard does not say.',
  ],
  [
    'C-VAL-CSCA-LENGTH',
    'The CSCA certificate is valid for longer than a key in use for five years and documents of ten years need.',
  ],
  // the key
  [
    'C-SPKI-EXPLICIT',
    'The curve is named. Most libraries prefer that, but the standard asks for explicit parameters, and readers built for them may know no names.',
  ],
  ['C-SPKI-COFACTOR', 'The explicit parameters have no cofactor, which readers need to check the point.'],
  [
    'C-SPKI-SEED',
    'The parameters carry the seed of the curve, which nobody uses and which makes every EF.SOD longer.',
  ],
  [
    'C-SPKI-COEFFICIENTS',
    'A coefficient of the curve has lost or gained a leading zero octet. Readers that compare octets do not recognise the curve.',
  ],
  ['C-SPKI-BASE-POINT', 'The base point is compressed, which readers need not support.'],
  ['C-SPKI-POINT', 'The public key is a compressed point, which readers need not support.'],
  ['C-SPKI-SIZE', 'The key is shorter than any national catalogue allows today.'],
  ['C-SPKI-SIZE-OLD', 'The key was usual in its time and is too short today.'],
  [
    'C-SPKI-CSCA-SIZE',
    'The key must be trusted for 15 years, and national catalogues ask for more bits over such a time.',
  ],
  ['C-SPKI-RSA-LARGE', 'The key is longer than many readers can use.'],
  [
    'C-SPKI-RSA-EXPONENT',
    'The public exponent is 3, or a random number of 16 or 17 bits. Both verify; 3 has made careless verifiers forgeable.',
  ],
  [
    'C-SPKI-RSA-OID',
    'The key is restricted to RSASSA-PSS by its OID, which readers in the field do not know.',
  ],
  ['C-SPKI-RSA-NULL', 'rsaEncryption without its NULL parameters; strict libraries refuse the key.'],
  // extensions
  ['C-DER-EXTENSIONS', 'The value of an extension is not DER, such as TRUE written as 01 instead of FF.'],
  [
    'C-EXT-SYNTAX',
    'The value of an extension is not what its standard says, such as an identifier that is not wrapped in its OCTET STRING. Readers can only ignore it.',
  ],
  ['C-EXT-TWICE', 'An extension occurs twice, and two readers may look at different ones.'],
  ['C-EXT-DEFAULT', 'critical FALSE is written out, which is not DER.'],
  ['C-EXT-NETSCAPE', 'Left in from the template of a web PKI.'],
  [
    'C-EXT-INFO-ACCESS',
    'A URI of the issuer, which the 6th edition did not allow. It is allowed since the 7th.',
  ],
  [
    'C-AKI-PRESENT',
    'It does not say which key of the issuer signed it, so that readers have to try all keys of the name.',
  ],
  ['C-AKI-KEYID', 'It names the issuer by name and serial number only; anchors are found by key identifier.'],
  ['C-AKI-PAIR', 'It has one half of the other way to name the issuer, of which the halves belong together.'],
  [
    'C-AKI-ROOT',
    'A self-signed certificate names another key than its own as issuer, and looks like a link.',
  ],
  ['C-AKI-MATCH', 'It names another key than the one that signed it.'],
  ['C-SKI-PRESENT', 'The CSCA key has no identifier by which what it signs can name it.'],
  ['C-SKI-RECOMMENDED', 'The signer has no key identifier; a CMS signer identifier cannot name it by that.'],
  [
    'C-SKI-METHOD',
    'The key identifier is not the SHA-1 of the key but something else, such as a counter. Allowed, but then two States may come to have the same.',
  ],
  [
    'C-KU-PRESENT',
    'It does not say what the key is for, so that any use has to be accepted or refused on a guess.',
  ],
  ['C-KU-CRITICAL', 'What the key is for is said, but a reader that does not understand it may ignore it.'],
  [
    'C-KU-BITS',
    'The key may do more than it should, mostly sign documents as well as certificates, or lacks the right to sign certificates or CRLs.',
  ],
  ['C-KU-ENCODING', 'keyUsage has trailing zero bits, which is not DER.'],
  [
    'C-PKUP-PRESENT',
    'It does not say until when the key signs. A reader cannot tell a document that was signed with a retired key.',
  ],
  ['C-PKUP-BOTH', 'Only one end of the usage period is said; the other is that of the validity.'],
  [
    'C-PKUP-LENGTH',
    'The key is used for longer than recommended: the more documents hang on one key, the more are lost with it.',
  ],
  [
    'C-PKUP-WITHIN',
    'The key is used before the certificate is valid or after, often by seconds, because the two periods were taken from different clocks.',
  ],
  ['C-PKUP-ORDER', 'The usage period ends before it begins.'],
  ['C-PKUP-TIME', 'A time of the usage period is not written as GeneralizedTime with seconds and Z.'],
  [
    'C-AN-SAN-PRESENT',
    'The country code of the MRZ is missing. Readers cannot compare it with the document.',
  ],
  [
    'C-AN-SAN-COUNTRY',
    'There is a subjectAltName, but without the country code of the MRZ that readers compare with the document.',
  ],
  ['C-AN-SAN-CODE', 'The country code is not written as in the MRZ.'],
  ['C-AN-SAN-ATTRIBUTES', 'The directoryName says more than the country code.'],
  [
    'C-AN-SAN-CONTACT',
    'There is no way to reach the issuer, which one looks for when something is wrong at a border.',
  ],
  ['C-AN-IAN-PRESENT', 'The country code of the issuer is missing.'],
  ['C-AN-IAN-COUNTRY', 'There is an issuerAltName, but without the country code of the MRZ.'],
  ['C-AN-IAN-CODE', 'The country code is not written as in the MRZ.'],
  ['C-AN-IAN-ATTRIBUTES', 'The directoryName says more than the country code.'],
  ['C-AN-IAN-CONTACT', 'There is no way to reach the issuer.'],
  [
    'C-AN-ROOT',
    'The two alternative names of a self-signed certificate differ, though both are of one CSCA.',
  ],
  [
    'C-AN-LOCALITY',
    'The two alternative names are of different States: one State certified the CSCA of another.',
  ],
  [
    'C-AN-COUNTRY',
    'The code beside the country is not the one of the MRZ, mostly the two-letter code once more.',
  ],
  [
    'C-AN-EDITION-6',
    'It had the alternative names before they were introduced: ahead of the standard, and what the 7th edition wants.',
  ],
  ['C-BC-PRESENT', 'It does not say that it is a CA. Standard path validation refuses everything it signs.'],
  ['C-BC-CRITICAL', 'It says that it is a CA, but a reader that does not understand it may ignore it.'],
  [
    'C-BC-ABSENT',
    'A signer says that it is no CA, which goes without saying; the field is forbidden to keep EF.SODs small.',
  ],
  [
    'C-BC-CA',
    'A CSCA certificate says that it is no CA. As a link it introduces no key to a reader that takes it at its word.',
  ],
  [
    'C-BC-PATHLEN',
    'The length of the path is not limited to one certificate, so that a CA below the CSCA would be accepted.',
  ],
  ['C-BC-DEFAULT', 'cA FALSE is written out, which is not DER.'],
  [
    'C-EKU-ABSENT',
    'An extended key usage in a CSCA or Document Signer certificate, left in from another template. Readers must refuse a Document Signer with one when documentTypeList is missing.',
  ],
  ['C-EKU-CRITICAL', 'The purpose is said, but a reader that does not understand it may ignore it.'],
  ['C-CDP-PRESENT', 'It does not say where the CRL is. Readers need other ways to find it.'],
  [
    'C-CDP-SCHEME',
    'The CRL is named by a directory name or another scheme; without a URI nobody outside knows where to ask.',
  ],
  ['C-CDP-ISSUER', 'It says that another signs the CRL; a CSCA has one CRL and signs it.'],
  ['C-CDP-HOST', 'The CRL is on a host of a private network that no other State can reach.'],
  ['C-CDP-LOCALHOST', 'The CRL is on the machine of whoever reads the certificate.'],
  [
    'C-DTL-PRESENT',
    'It does not say which documents the key may sign, so that a signer of identity cards could sign passports.',
  ],
  [
    'C-DTL-SYNTAX',
    'The document types are not in the syntax of the standard, such as a list without its version.',
  ],
  ['C-DTL-TYPES', 'A document type is not one or two letters as in the MRZ.'],
  ['C-DTL-ABSENT', 'Document types in the certificate of a CSCA, which signs no documents.'],
  [
    'C-NC-REQUIRED',
    'The link changes the name of the CSCA, often by a counter in commonName or serialNumber, and does not say so. Readers that take the name for that of another CSCA do not follow.',
  ],
  ['C-NC-NEEDLESS', 'The link says that it changes the name, but does not.'],
  [
    'C-NC-CRITICAL',
    'The change of name is critical, so that readers which do not know the extension must refuse the link.',
  ],
  ['C-SIG', 'The signature does not hold under the key that the certificate names as its issuer.'],
  // lists
  [
    'M-SIG-DIGESTINFO',
    'The signature leaves out NULL where PKCS#1 v1.5 has it. OpenSSL and what is built on it find it invalid; Bouncy Castle finds it valid.',
  ],
  ['M-READ', 'Not a signed list: the bare content, or something else.'],
  ['M-SETORDER-CERTIFICATES', 'The embedded certificates are not sorted as DER asks.'],
  ['M-SETORDER-CERTLIST', 'The certificates of the list are not sorted as DER asks: usual until about 2024.'],
  ['M-OID', 'The signed content says that it is something else than a master list.'],
  ['M-DER', 'The SignedData is BER, such as with indefinite lengths.'],
  ['M-DIGEST-NULL', 'Digest algorithms carry NULL, which issuers must leave out and readers must accept.'],
  ['M-SHA1', 'The list is signed with SHA-1.'],
  ['M-ALG-ECDSA-ABSENT', 'ECDSA with NULL parameters, where the standard has none.'],
  ['M-SID-SKI', 'The signer is named by issuer and serial number, where the key identifier is recommended.'],
  [
    'M-CERTS-CSCA',
    'The CSCA certificate of the signer is not embedded; readers look it up in the list or elsewhere.',
  ],
  ['M-ONLYCA', 'The list has a certificate that says of itself that it is no CA.'],
  ['M-READABLE', 'A certificate of the list cannot be read at all.'],
  ['D-DIGEST-NULL', 'Digest algorithms carry NULL, which issuers must leave out and readers must accept.'],
  ['D-EKU', 'The signer has the right purpose, but it is not critical.'],
  // CRLs
  ['R-90D', 'The next CRL is due after more than 90 days; a revocation may stay unknown for as long.'],
  ['R-ALG-ECDSA-ABSENT', 'ECDSA with NULL parameters, where the standard has none.'],
  ['R-AKI-PRESENT', 'It does not say which key of the CSCA signed it.'],
  ['R-NUM-PRESENT', 'Without a number nobody can tell which of two CRLs is newer.'],
  [
    'R-ENTRYEXT-REASON',
    'Entries say why a certificate was revoked. The reason stays in the records of the CSCA.',
  ],
  ['R-ENTRYEXT-INVALIDITY', 'Entries say since when a key is suspect. Doc 9303 has no use for it.'],
  // EF.SOD
  ['S-DER', 'BER with indefinite lengths. It verifies with readers that can read BER.'],
  [
    'S-SID',
    'The signer identifier names another certificate than the embedded one, mostly because the issuer is written otherwise. Standard CMS libraries answer that the signer is missing.',
  ],
  [
    'S-NULL',
    'Digest algorithms carry NULL, which issuers must leave out and readers must accept: most EF.SODs here do.',
  ],
  [
    'S-NULL-HASH',
    'The hash algorithm of the data groups carries NULL, which issuers must leave out and readers must accept.',
  ],
  ['S-SHA1', 'Signed with SHA-1 after the 7th edition had ruled it out.'],
  ['S-HASH-KNOWN', 'Data groups are hashed with SHA-1 after the 7th edition had ruled it out.'],
  [
    'S-HASH-SAME',
    'Data groups, attributes and signature have different digests. Allowed; readers must not assume one.',
  ],
  [
    'S-ALG-KEY-TYPE',
    'The signature algorithm names the type of key only, so that the digest has to be taken from digestAlgorithm.',
  ],
  ['S-ALG-ECDSA-ABSENT', 'ECDSA with NULL parameters, where the standard has none.'],
  ['S-TIME-VALIDITY', 'Signed, as it claims, when the certificate of the signer was not valid.'],
  ['S-PKUP', 'Signed, as it claims, when the key was not to be used any more or not yet.'],
  ['S-LDSV-V1', 'Version 0, of LDS 1.7. Every reader must take it; version 1 also signs the LDS version.'],
  ['S-DG-ORDER', 'The data groups are not in ascending order. No rule, but some readers count on it.'],
]);
