"""Which nets count as switching."""

from types import SimpleNamespace

from benchmarks.switching import _toggles

STAGE = """
    wire [1:0] v0; assign v0[1:0] = model_inp[1:0];
    wire [2:0] v1; shift_adder #(2, 2, 0, 0, 3, 0, 0) op_1 (v0[1:0], v0[1:0], v1[2:0]);
    wire [1:0] v2; assign v2[1:0] = v1[1:0] & {2{~v1[2]}};
"""
SAIF = r"""
(SAIFILE
(DURATION 90)
 (INSTANCE TOP
  (NET
   (clk (T0 0) (T1 9) (TZ 0) (TX 0) (TB 0) (TC 1000))
   (model_inp\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 1000))
  )
  (INSTANCE tagger
   (NET
    (stage0_inp\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 3))
    (stage0_out\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 1000))
    (model_out\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 4))
   )
   (INSTANCE stage0
    (NET
     (model_out\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 1000))
     (v0\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 1000))
     (v1\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 10))
     (v1\[1\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 20))
     (v2 (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 40))
    )
    (INSTANCE op_1
     (NET
      (out\[0\] (T0 4) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 1000))
     )
    )
   )
  )
 )
)
"""


def test_registers_and_driven_nets_count_once_and_renamed_bits_do_not(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "tagger_stage0.v").write_text(STAGE)
    (tmp_path / "toggles.saif").write_text(SAIF)
    project = SimpleNamespace(path=tmp_path, top="tagger")
    assert _toggles(tmp_path / "toggles.saif", project) == {
        "register_bits": 2,
        "register_toggles": 3 + 4,
        "logic_bits": 3,
        "logic_toggles": 10 + 20 + 40,
    }
