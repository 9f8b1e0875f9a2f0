package io.sonidb.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.sonidb.cli.model.Model;
import io.sonidb.cli.model.ModelException;
import io.sonidb.cli.model.ModelProvider;
import java.nio.file.Files;
import java.nio.file.Path;

/// Opens models. Found by name in `META-INF/services`.
public final class OnnxModelProvider implements ModelProvider {
  /// Makes one that has loaded nothing yet.
  public OnnxModelProvider() {}

  @Override
  public Model open(Path file) throws ModelException {
    if (!Files.isReadable(file)) {
      throw new ModelException("there is no such file, or it cannot be read");
    }
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      OrtEnvironment environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "sonidb");
      OrtSession session = environment.createSession(file.toString(), options);
      try {
        return OnnxModel.of(environment, session);
      } catch (OrtException | ModelException e) {
        session.close();
        throw e;
      }
    } catch (OrtException e) {
      throw new ModelException("ONNX Runtime cannot use it: " + e.getMessage());
    } catch (LinkageError e) {
      throw new ModelException("ONNX Runtime cannot be loaded on this machine: " + e.getMessage());
    }
  }
}
