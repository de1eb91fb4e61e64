"""Work on the CPU inside C code: some of it releases the GIL, some does not."""

import pytest
from archive.digests import digest, digests
from archive.store import save


@pytest.fixture(scope="module")
def document() -> bytes:
    """One large document."""
    return b"All of this is one buffer. " * 1_200_000


@pytest.fixture
def records() -> list[bytes]:
    """Many short records, each far below the 2,048 bytes from which hashlib releases the GIL."""
    return [b"record %d" % number for number in range(70_000)]


@pytest.mark.gilcheck(threads=8)
def test_digest_of_a_large_document(document):
    """releases-gil: one call, and the other threads run meanwhile."""
    assert len(digest(document)) == 64


@pytest.mark.gilcheck(threads=8)
def test_digests_of_short_records(records):
    """gil-bound: the same function, but hashlib keeps the GIL for a short buffer."""
    assert len(set(digests(records))) == len(records)


@pytest.mark.gilcheck(threads=8)
def test_save_compressed(tmp_path):
    """releases-gil: zlib works without the GIL, and every worker has a ``tmp_path`` of its own."""
    document = b"".join(b"%d: some of this can be compressed\n" % line for line in range(100))
    target = tmp_path / "document.z"
    assert save(target, document * 2_300) == target.stat().st_size


@pytest.mark.gilcheck(threads=8)
def test_spectrum():
    """releases-gil: numpy's transforms work without the GIL. Skipped where numpy is not installed."""
    numpy = pytest.importorskip("numpy")
    signal = numpy.sin(numpy.arange(2**17) / 10)
    for _ in range(24):
        spectrum = numpy.fft.rfft(signal)
    assert spectrum.shape == (2**16 + 1,)
