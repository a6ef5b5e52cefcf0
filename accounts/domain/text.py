"""What a text must be like before it may enter an invoice document."""

from ksef.fa3.characters import code_point, find_forbidden_character

__all__ = ["code_point", "collapse_spaces", "find_forbidden_character"]


def collapse_spaces(text: str) -> str:
    """Turn every run of white space into one space and trim, as the schema's ``token`` type wants it."""
    return " ".join(text.split())
