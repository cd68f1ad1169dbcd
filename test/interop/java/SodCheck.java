import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.icao.DataGroupHash;
import org.bouncycastle.asn1.icao.ICAOObjectIdentifiers;
import org.bouncycastle.asn1.icao.LDSSecurityObject;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.util.encoders.Hex;

/**
 * Reads EF.SOD files with Bouncy Castle, an implementation that shares nothing with ours, and holds each against
 * Doc 9303-10 §4.6.2 and the CSCA certificate given.
 *
 * <p>Usage: SodCheck CSCA.cer, paths on standard input. Says of each {@code version digest-OID 1=hash,2=hash,…}.
 */
public final class SodCheck {
  private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

  private final ContentVerifierProvider csca;

  private SodCheck(X509CertificateHolder csca) throws Exception {
    ExplicitParameters.require(csca.getSubjectPublicKeyInfo());
    this.csca = verifierFor(csca);
  }

  public static void main(String[] arguments) throws Exception {
    byte[] csca = Files.readAllBytes(Path.of(arguments[0]));
    SodCheck check = new SodCheck(new X509CertificateHolder(csca));
    Check.eachFile((path, octets) -> describe(check.check(octets)));
  }

  private LDSSecurityObject check(byte[] efSod) throws Exception {
    CMSSignedData signedData = new CMSSignedData(contentInfo(efSod));
    Check.require(signedData.getVersion() == 3, "SignedData is not v3");
    Check.require(signedData.getSignedContentTypeOID().equals(ICAOObjectIdentifiers.id_icao_ldsSecurityObject.getId()),
        "eContentType is not ldsSecurityObject");
    Collection<SignerInformation> signers = signedData.getSignerInfos().getSigners();
    Check.require(signers.size() == 1, "not one SignerInfo");
    SignerInformation signer = signers.iterator().next();
    Check.require(signer.getVersion() == 1, "SignerInfo is not v1");
    Check.require(signedData.getCertificates().getMatches(null).size() == 1, "not one certificate");
    X509CertificateHolder dsc = signedData.getCertificates().getMatches(null).iterator().next();
    Check.require(signer.getSID().match(dsc), "the certificate is not the one that the SignerInfo names");

    byte[] content = (byte[]) ((CMSProcessableByteArray) signedData.getSignedContent()).getContent();
    checkSignedAttributes(signer, content);
    ExplicitParameters.require(dsc.getSubjectPublicKeyInfo());
    Check.require(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(PROVIDER).build(dsc)),
        "the signature does not hold");
    Check.require(dsc.isSignatureValid(csca), "the certificate was not signed by the CSCA");
    return ldsSecurityObject(content);
  }

  /** The tag 77 (application 23, constructed) around one ContentInfo, all of it DER. */
  private static ContentInfo contentInfo(byte[] efSod) throws IOException {
    ASN1Primitive object;
    try (ASN1InputStream input = new ASN1InputStream(efSod)) {
      object = input.readObject();
      Check.require(input.read() == -1, "octets follow after the end");
    }
    Check.require(Arrays.equals(object.getEncoded(ASN1Encoding.DER), efSod), "is not DER");
    ASN1TaggedObject tagged = (ASN1TaggedObject) object;
    Check.require(tagged.hasTag(BERTags.APPLICATION, 0x17), "does not have the tag 77");
    return ContentInfo.getInstance(tagged.getBaseUniversal(true, BERTags.SEQUENCE));
  }

  private static void checkSignedAttributes(SignerInformation signer, byte[] content) throws Exception {
    AttributeTable attributes = signer.getSignedAttributes();
    Check.require(attributes != null, "there are no signed attributes");
    Check.require(signer.getUnsignedAttributes() == null, "there are unsigned attributes");
    Attribute type = attributes.get(CMSAttributes.contentType);
    Check.require(type != null && type.getAttrValues().size() == 1
        && type.getAttrValues().getObjectAt(0).equals(ICAOObjectIdentifiers.id_icao_ldsSecurityObject),
        "the contentType attribute is not ldsSecurityObject");
    Attribute digest = attributes.get(CMSAttributes.messageDigest);
    Check.require(digest != null && digest.getAttrValues().size() == 1, "there is not one messageDigest attribute");
    byte[] signed = ASN1OctetString.getInstance(digest.getAttrValues().getObjectAt(0)).getOctets();
    MessageDigest algorithm = MessageDigest.getInstance(signer.getDigestAlgOID(), PROVIDER);
    Check.require(Arrays.equals(algorithm.digest(content), signed), "the messageDigest is not that of the content");
  }

  private static LDSSecurityObject ldsSecurityObject(byte[] content) throws Exception {
    ASN1Primitive object = ASN1Primitive.fromByteArray(content);
    Check.require(Arrays.equals(object.getEncoded(ASN1Encoding.DER), content), "the LDSSecurityObject is not DER");
    LDSSecurityObject lds = LDSSecurityObject.getInstance(object);
    Check.require(Arrays.equals(lds.getEncoded(ASN1Encoding.DER), content),
        "the LDSSecurityObject holds something that Bouncy Castle does not know");
    Check.require((lds.getVersion() == 1) == (lds.getVersionInfo() != null), "ldsVersionInfo belongs to v1 only");
    String digest = lds.getDigestAlgorithmIdentifier().getAlgorithm().getId();
    int octets = MessageDigest.getInstance(digest, PROVIDER).getDigestLength();
    int previous = 0;
    for (DataGroupHash hash : lds.getDatagroupHash()) {
      Check.require(hash.getDataGroupNumber() > previous, "the data groups are not in ascending order");
      Check.require(hash.getDataGroupHashValue().getOctets().length == octets, "a hash does not have its length");
      previous = hash.getDataGroupNumber();
    }
    return lds;
  }

  private static ContentVerifierProvider verifierFor(X509CertificateHolder certificate) throws Exception {
    return new JcaContentVerifierProviderBuilder().setProvider(PROVIDER).build(certificate);
  }

  private static String describe(LDSSecurityObject lds) {
    TreeMap<Integer, String> hashes = new TreeMap<>();
    for (DataGroupHash hash : lds.getDatagroupHash()) {
      hashes.put(hash.getDataGroupNumber(), Hex.toHexString(hash.getDataGroupHashValue().getOctets()));
    }
    List<String> entries = new ArrayList<>();
    hashes.forEach((number, hash) -> entries.add(number + "=" + hash));
    String digest = lds.getDigestAlgorithmIdentifier().getAlgorithm().getId();
    return lds.getVersion() + " " + digest + " " + entries.stream().collect(Collectors.joining(","));
  }
}
