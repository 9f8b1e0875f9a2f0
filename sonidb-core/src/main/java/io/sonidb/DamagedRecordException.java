package io.sonidb;

/// A stored vector is not as it was written. Other vectors are not affected.
public final class DamagedRecordException extends SoniDbException {
  private static final long serialVersionUID = 1L;

  private final transient Damage damage;

  DamagedRecordException(Damage damage, Throwable cause) {
    super(damage.toString(), cause);
    this.damage = damage;
  }

  DamagedRecordException(Damage damage) {
    super(damage.toString());
    this.damage = damage;
  }

  /// What is damaged, and where.
  public Damage damage() {
    return damage;
  }
}
