"""What is typed into the forms of accounts, checked."""

from auth.emails import normalised_email
from auth.password_rules import problem_with
from resolvers.errors import InvalidInput


def checked_email(text: str) -> str:
    """Return an address as mail is sent to it.

    Raises:
        InvalidInput: it is none.
    """
    address = normalised_email(text.strip())
    if address is None:
        raise InvalidInput(("input", "email"), "This is not an e-mail address.")
    return address


async def checked_password(password: str, *about_them: str, name: str = "password") -> None:
    """Refuse a new password that is too short, too long or too easy to guess.

    Raises:
        InvalidInput: it cannot be taken; `name` is that of the argument.
    """
    problem = await problem_with(password, about_them)
    if problem is not None:
        raise InvalidInput(("input", name), problem)
