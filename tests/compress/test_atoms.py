"""Atoms that are joined fall together, and one pin holds all of them."""

from __future__ import annotations

from cosynth.compress.atoms import Atoms


def test_joined_atoms_have_one_root():
    atoms = Atoms()
    a, b, c = atoms.fresh(3), atoms.fresh(3), atoms.fresh(3)
    atoms.join(a, b)
    atoms.join(b, c[::-1])
    assert (atoms.roots(a) == atoms.roots(c)[::-1]).all()
    assert len(set(atoms.roots(a).tolist())) == 3


def test_a_pin_holds_whatever_is_joined_before_and_after():
    atoms = Atoms()
    a, b, c = atoms.fresh(2), atoms.fresh(2), atoms.fresh(2)
    atoms.join(a, b)
    atoms.pin(b[:1], "an output")
    atoms.join(c, a)
    assert atoms.pinned(c).tolist() == [True, False]
    assert atoms.why[atoms.root(int(c[0]))] == "an output"
