"""`benchmarks/README.md` has a part for each benchmark; whoever ran one writes its own part only."""

from pathlib import Path

README = Path(__file__).with_name("README.md")


def put(path: Path, name: str, text: str) -> None:
    """Put `text` between the marks of part `name`. Raises ValueError when `path` lacks them."""
    begin, end = f"<!-- {name}: written by {name}.py -->\n", f"\n<!-- end of {name} -->"
    page = path.read_text("utf-8")
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{path.name} has no place for {name!r}: {begin.strip()} … {end.strip()}")
    path.write_text(f"{before}{begin}\n{text.strip()}\n{found_end}{after}", "utf-8")
