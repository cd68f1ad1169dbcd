import java.math.BigInteger;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X962Parameters;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.math.ec.ECAlgorithms;

/** Doc 9303-12 §4.1.6.3: explicit ECParameters with cofactor, prime field, uncompressed points. */
final class ExplicitParameters {
  private ExplicitParameters() {}

  /** An RSA key has none and passes. */
  static void require(SubjectPublicKeyInfo key) {
    if (!key.getAlgorithm().getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)) return;
    X962Parameters parameters = X962Parameters.getInstance(key.getAlgorithm().getParameters());
    Check.require(!parameters.isNamedCurve() && !parameters.isImplicitlyCA(), "the curve is only named");
    X9ECParameters curve = X9ECParameters.getInstance(parameters.getParameters());
    Check.require(ECAlgorithms.isFpCurve(curve.getCurve()), "no prime field");
    Check.require(BigInteger.ONE.equals(curve.getH()), "the cofactor is not 1");
    Check.require(key.getPublicKeyData().getOctets()[0] == 4, "the public key is not an uncompressed point");
    Check.require(curve.getBaseEntry().getPointEncoding()[0] == 4, "the base point is not uncompressed");
  }
}
