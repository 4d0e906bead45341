"""Which language a person reads, by the environment's locale. Pure."""

from collections.abc import Mapping

from config.findings import Lang


def language(environment: Mapping[str, str]) -> Lang:
    """Chinese for `zh…`, else English; LC_ALL before LC_MESSAGES before LANG."""
    names = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next((name for name in names if name), "").startswith("zh") else "en"
