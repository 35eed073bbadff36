"""Who signs for what one person alone may not do."""

from unicodedata import category, normalize

from hullmark.clearing._checks import refuse
from hullmark.domain import Reason, events

NAME_LENGTH_MAX = 100


def need_two_people(authorisers: tuple[str, str]) -> events.Refused | None:
    """Refuse what two different people have not signed."""
    for name in authorisers:
        if not _letters(name) or len(name) > NAME_LENGTH_MAX:
            detail = f"authorisers must have names of 1 to {NAME_LENGTH_MAX} characters"
            return refuse(Reason.UNAUTHORISED, f"{detail}, was {name!r:.120}")
    first, second = map(_letters, authorisers)
    if first == second:
        detail = f"authorisers must be two different people, was {authorisers}"
        return refuse(Reason.UNAUTHORISED, detail)
    return None


# A name as it is read: blanks, invisible characters, case and forms of one letter do not count.
def _letters(name: str) -> str:
    folded = normalize("NFKC", normalize("NFKC", name).casefold())
    return "".join(letter for letter in folded if category(letter)[0] not in "CZ")
