package io.sonidb.webrtc;

import io.sonidb.server.webrtc.OfferException;
import io.sonidb.server.webrtc.Peer;
import io.sonidb.server.webrtc.PeerOptions;
import io.sonidb.server.webrtc.Peers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Offers that are wrong in all kinds of ways, in a process of its own, since native code may end
/// it: `SEED ROUNDS`.
final class OfferFuzz {
  private OfferFuzz() {}

  public static void main(String[] arguments) throws Exception {
    Random random = new Random(Long.parseLong(arguments[0]));
    int accepted = 0;
    int refused = 0;
    try (TestViewer viewer = new TestViewer();
        Peers peers = new NativePeerProvider().start(new PeerOptions(List.of(), "", "", 0, 0))) {
      String offer = viewer.offer();
      for (int round = 0; round < Integer.parseInt(arguments[1]); round++) {
        try (Peer peer = peers.accept(changed(offer, random))) {
          accepted += peer.answer().startsWith("v=0") ? 1 : 0;
        } catch (OfferException e) {
          refused++;
        }
      }
    } catch (Throwable e) { // ends the process, whatever threads the library has
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    System.out.println("accepted " + accepted + " refused " + refused);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static String changed(String offer, Random random) {
    List<String> lines = new ArrayList<>(offer.lines().toList());
    for (int changes = 1 + random.nextInt(4); changes > 0 && !lines.isEmpty(); changes--) {
      int at = random.nextInt(lines.size());
      String line = lines.get(at);
      switch (random.nextInt(7)) {
        case 0 -> lines.remove(at);
        case 1 -> lines.add(random.nextInt(lines.size() + 1), line);
        case 2 -> lines.set(at, line.substring(0, random.nextInt(line.length() + 1)));
        case 3 -> lines.set(at, line.replaceAll("[0-9]+", String.valueOf(random.nextLong())));
        case 4 -> lines.set(at, line + "x".repeat(random.nextInt(2000)));
        case 5 -> lines.set(at, line.replace('a', (char) random.nextInt(1, 256)));
        default -> {
          char[] all = line.toCharArray();
          if (all.length > 0) {
            all[random.nextInt(all.length)] = (char) random.nextInt(32, 127);
          }
          lines.set(at, new String(all));
        }
      }
    }
    return String.join("\r\n", lines) + "\r\n";
  }
}
