def read(
    data: bytes | bytearray, at: int, sample: int, most: int, /
) -> tuple[
    list[tuple[int | bytes, int, int, bytes, int, int | None, int | None]],
    bytes,
    int,
    int,
    bool,
    int,
]: ...
def learn(key: int, exponents: bytes, /) -> None: ...
