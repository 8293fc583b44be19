"""What circuits are told of a format, and formats that have none."""

import pytest

from cosynth.errors import SpecError
from cosynth.format import known
from cosynth.rtl.operands import operand, product_parameters, rounding


def test_a_product_is_as_wide_as_its_factors():
    found = product_parameters(known("uint8"), known("fp4_e2m1"))
    assert (found["A_SIGNED"], found["A_BITS"], found["B_EXP"], found["B_MAN"]) == (0, 8, 2, 1)
    # 9 bits with a sign, and -12 to 12 in halves
    assert found["P"] == 9 + 5


def test_a_rounded_number_reaches_twice_the_largest_value():
    # 448 is 229376 steps of 2^-9, 18 bits; a sign, and two bits below the step
    assert rounding(known("fp8_e4m3fn")).bits == 18 + 1 + 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bf16", r"format 'bf16' spans 261 bits .* circuits take up to 40"),
        ("int32", r"format 'int32': codes of 32 bits have no circuit; those of up to 16 have one"),
        ("nf4", r"format 'nf4': elements of kind 'lookup' have no circuit"),
    ],
)
def test_elements_without_a_circuit_wrong(name, said):
    with pytest.raises(SpecError, match=said):
        operand(known(name))
