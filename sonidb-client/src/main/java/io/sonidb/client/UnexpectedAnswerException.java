package io.sonidb.client;

import java.net.URI;

/// The answer is none that a node gives: something else listens there, or the answer was cut.
public final class UnexpectedAnswerException extends NodeException {
  private static final long serialVersionUID = 1L;

  UnexpectedAnswerException(URI node, String what) {
    super(node + ": is that a SoniDB node? " + what);
  }

  UnexpectedAnswerException(URI node, String what, Throwable why) {
    super(node + ": is that a SoniDB node? " + what, why);
  }
}
