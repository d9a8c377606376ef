"""One Markdown table: a row for each thing that was measured, a column for each peer."""

from .bench import Rows


def table(titles: list[str], found: dict[str, Rows], missing: dict[str, str]) -> str:
    """`missing` says why a peer isn't here."""
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))
    lines = [["", *titles], ["---", *["--:"] * len(titles)]]
    for name in names:
        lines.append([name, *(found[t][name] if t in found else "not here" for t in titles)])
    reasons = [f"\n{title} is not here: {why}" for title, why in missing.items()]
    return "\n".join([f"| {' | '.join(line)} |" for line in lines] + reasons)
