"""The switches: one for each thing that nothing public says of the service."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, get_args, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What nothing public says of the service, and a client must be safe with either way."""

    #: Whether a challenge that was verified can be verified again.
    single_use: bool = True
    #: ``lenient``: host and port are taken; ``fqdn``: a domain name alone.
    domain_rule: Literal["lenient", "fqdn"] = "lenient"
    #: Of ``GET /profile/…/addresses``: 201 is documented, 200 is what its framework would answer.
    addresses_status: Literal[201, 200] = 201
    #: The type of ``chainId`` in a "yes": the recordings have a number, the schema a string.
    verify_chain_id: Literal["number", "string"] = "number"
    #: The version of class-validator whose sentences a refusal has.
    validator: Literal["0.14", "0.13"] = "0.14"
    #: What is answered for a profile that nobody has: an error, or an empty list.
    unknown_profile: Literal["not_found", "empty"] = "not_found"
    #: Which profiles a text to bind names: the other address' alone, or both.
    bind_profiles: Literal["other", "both"] = "other"

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """With ``changes`` that came from outside. Raises ``ValueError``, with a sentence."""
        for name, value in changes.items():
            if name not in CHOICES:
                raise ValueError(f"There is no switch {name!r}. There are: {', '.join(CHOICES)}.")
            # By type as well: to Python, True is 1.
            if not any(type(value) is type(known) and value == known for known in CHOICES[name]):
                known = " or ".join(map(repr, CHOICES[name]))
                raise ValueError(f"The switch {name!r} takes {known}.")
        return replace(self, **changes)


_HINTS = get_type_hints(Behaviour)
#: The values of each switch, the default first.
CHOICES: dict[str, tuple[Any, ...]] = {
    field.name: get_args(_HINTS[field.name]) or (True, False) for field in fields(Behaviour)
}
