from jetmix.verification.simulators.compiled import is_kept, keep


def test_only_a_whole_library_of_the_same_sources_is_taken_again(tmp_path):
    library = tmp_path / "lib.so"
    assert not is_kept(tmp_path, "lib.so", "sources")
    library.write_bytes(b"machine code")
    assert not is_kept(tmp_path, "lib.so", "sources")
    keep(tmp_path, "lib.so", "sources", stage="rtl", seconds=1.23456)
    assert is_kept(tmp_path, "lib.so", "sources")
    assert not is_kept(tmp_path, "lib.so", "other sources")
    library.write_bytes(b"machine")
    assert not is_kept(tmp_path, "lib.so", "sources")
    library.unlink()
    assert not is_kept(tmp_path, "lib.so", "sources")
