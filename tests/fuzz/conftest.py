"""How many cases: 20 a test, in CI (or with HYPOTHESIS_PROFILE=ci) 200, which are 2,000 in all."""

import os

from hypothesis import HealthCheck, Phase, settings

for name, cases in (("quick", 20), ("ci", 200)):
    settings.register_profile(
        name,
        max_examples=cases,
        deadline=None,  # the decoder has its own
        database=None,
        print_blob=True,
        # Failing cases are short enough; making them shorter takes minutes where a case runs a page.
        phases=(Phase.explicit, Phase.generate),
        derandomize=name == "quick",
        suppress_health_check=list(HealthCheck),
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))
