"""The shipped texts cut down to a dozen questions of six phrasings, so that an index takes a moment."""

from pathlib import Path

import yaml

KEPT_GROUPS = ("soreness", "sensations")


def keep_few(faq: Path) -> None:
    """Cut down this copy of the content folder; nothing is left for the second opinion to learn from."""
    for name in ("red_flag_messages", "for_people"):
        (faq / "en" / f"{name}.yaml").unlink()
    for path in sorted((faq / "en").glob("*.yaml")):
        if "\nentries:" not in path.read_text("utf-8"):
            continue
        if path.stem not in KEPT_GROUPS:
            path.unlink()
            continue
        data = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        for entry in data["entries"]:
            entry["phrasings"], entry["see_also"] = entry["phrasings"][:6], []
        path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "utf-8")
