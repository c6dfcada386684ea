import pytest

from jetmix import errors

EXIT_CODES = {
    errors.UsageError: 2,
    errors.DataError: 3,
    errors.TrainingError: 4,
    errors.LoweringError: 5,
    errors.ToolMissingError: 6,
    errors.BitsDifferError: 7,
    errors.ToolFailedError: 8,
    errors.ReportReadError: 9,
    errors.RunConflictError: 10,
    errors.LimitMissedError: 11,
}


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items())
def test_every_kind_has_the_exit_code_of_the_architecture(kind, code):
    assert kind.exit_code == code


def test_message_is_one_line_with_place_fault_and_mend():
    error = errors.DataError("row 3 holds\na NaN", where="jets.h5", mend="remove the row")
    assert str(error) == "jets.h5: row 3 holds a NaN; remove the row"


def test_place_is_optional():
    assert str(errors.UsageError("no recipe", mend="name one")) == "no recipe; name one"
