"""Examples take as long as the machine lets them: nothing is asserted on wall time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("gilcheck", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gilcheck")
