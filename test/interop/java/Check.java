import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the checks share: paths in, one line a file out. */
final class Check {
  private Check() {}

  /** Says what is in a file, or throws. */
  interface Reader {
    String read(String path, byte[] octets) throws Exception;
  }

  /**
   * Reads paths from standard input, one a line, and prints one line for each: {@code OK TAB path TAB detail} or
   * {@code REFUSED TAB path TAB reason}. Whatever Bouncy Castle throws on damaged octets is its way of refusing.
   */
  static void eachFile(Reader reader) throws IOException {
    BufferedReader paths = new BufferedReader(new InputStreamReader(System.in));
    for (String path = paths.readLine(); path != null; path = paths.readLine()) {
      System.out.println(line(reader, path));
    }
  }

  private static String line(Reader reader, String path) {
    try {
      return "OK\t" + path + "\t" + reader.read(path, Files.readAllBytes(Path.of(path)));
    } catch (Exception | StackOverflowError refused) {
      return "REFUSED\t" + path + "\t" + String.valueOf(refused).replaceAll("\\s+", " ");
    }
  }

  static void require(boolean holds, String otherwise) {
    if (!holds) throw new IllegalArgumentException(otherwise);
  }
}
