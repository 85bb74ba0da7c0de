"""constraints.txt pins what requirements.txt asks for, within its ranges."""

from scripts.constraints import CONSTRAINTS, REQUIREMENTS, misfits, pinned_versions


def test_constraints_fit_the_requirements():
    assert misfits(REQUIREMENTS.read_text(), pinned_versions(CONSTRAINTS.read_text())) == []


def test_a_requirement_unpinned_or_pinned_outside_its_range_is_named():
    requirements = '# numbers\nnumpy>=2.0,<3\npandas>=2.2\nPillow>=11\nabsent>=1; sys_platform == "none"\n'
    faults = misfits(requirements, pinned_versions("# exact\nnumpy==1.26.4\npillow==12.0.0\n"))
    assert [fault for fault in faults if "numpy" in fault and "1.26.4" in fault and "<3,>=2.0" in fault]
    assert [fault for fault in faults if "pandas" in fault]
    assert len(faults) == 2
